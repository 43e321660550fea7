//! What is typed while the journal is still opened is meant for the room, and reaches it.

use crate::support::pty::{Home, Start};

#[test]
fn a_key_pressed_while_the_journal_opens_works_on_the_room() {
    let home = Home::new();
    home.must(&["declare", "Outage", "--severity", "sev1", "--started", "-40m"]);
    // Somebody holds the file: it is opened once they let go.
    let holder = rusqlite::Connection::open(home.journal()).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;").unwrap();
    let mut pty = Start::new(&home, &[]).size(80, 24).start();
    pty.see("opening the journal");
    pty.keys("4");
    pty.keys("n");
    pty.keys("a quick note");
    drop(holder);
    pty.see("a quick note");
    pty.keys("\r");
    pty.see("saved: NOTE a quick note");
    pty.see("[4 Agcy");
    pty.keys("q");
    assert_eq!(pty.exit(), 0);
}
