//! Which files are read at all: what others could write, and what is not a file, is refused at once and with the cure.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use warroom::config::file::{Place, Places, load, place, read};

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn refused(path: &Path) -> String {
    let before = Instant::now();
    let said = read(path).unwrap_err().to_string();
    assert!(before.elapsed() < Duration::from_secs(1), "{said}");
    assert!(said.starts_with(&path.display().to_string()), "{said}");
    said
}

#[test]
fn a_file_of_ones_own_is_read_and_one_that_others_may_write_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "playbook = \"generic\"").unwrap();
    mode(&file, 0o644);
    assert_eq!(read(&file).unwrap(), "playbook = \"generic\"");
    for open in [0o666, 0o664, 0o646] {
        mode(&file, open);
        let said = refused(&file);
        assert!(said.contains(&format!("mode {open:04o}")) && said.contains("run: chmod go-w "), "{said}");
    }
    mode(&file, 0o600);
    assert!(read(&file).is_ok());
}

#[test]
fn a_directory_that_anybody_may_write_needs_the_sticky_bit() {
    let folder = tempfile::tempdir().unwrap();
    let open = folder.path().join("it's open");
    std::fs::create_dir(&open).unwrap();
    let file = open.join("config.toml");
    std::fs::write(&file, "").unwrap();
    mode(&file, 0o600);
    mode(&open, 0o777);
    assert!(refused(&file).contains("run: chmod o-w '"), "{}", refused(&file));
    mode(&open, 0o1777);
    assert!(read(&file).is_ok());
    mode(&open, 0o777);
    let link = folder.path().join("link.toml");
    symlink(&file, &link).unwrap();
    assert!(refused(&link).contains("anybody may replace files"), "a link does not lead around it");
}

#[test]
fn what_is_not_a_file_is_refused_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    assert!(refused(folder.path()).contains("is a directory"));
    assert!(refused(Path::new("/dev/zero")).contains("is a device"));
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if made.is_ok_and(|status| status.success()) {
        assert!(refused(&pipe).contains("is a pipe"));
    }
    assert!(refused(&folder.path().join("none.toml")).contains("No such file"));
}

#[test]
fn a_huge_file_is_refused_unread_and_bytes_that_are_no_text_by_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let huge = folder.path().join("huge.toml");
    std::fs::File::create(&huge).unwrap().set_len(1 << 30).unwrap();
    mode(&huge, 0o600);
    assert!(refused(&huge).contains("larger than 1 MiB"));
    let bytes = folder.path().join("bytes.toml");
    std::fs::write(&bytes, b"a = 1\nb = \"\xff\"\n").unwrap();
    mode(&bytes, 0o600);
    assert!(refused(&bytes).contains("line 2: not UTF-8"), "{}", refused(&bytes));
}

#[test]
fn the_order_of_places() {
    let path = |text: &str| Some(PathBuf::from(text));
    let all = Places { option: path("o"), variable: path("v"), xdg_config_home: path("/x"), home: path("/h") };
    assert_eq!(place(&all), Place::Named("o".into()));
    let variable = Places { option: None, ..all.clone() };
    assert_eq!(place(&variable), Place::Named("v".into()));
    let xdg = Places { variable: path(""), ..variable };
    assert_eq!(place(&xdg), Place::FirstOf(vec!["/x/warroom/config.toml".into(), "/etc/warroom/config.toml".into()]));
    let home = Places { xdg_config_home: path("relative"), ..xdg };
    assert_eq!(
        place(&home),
        Place::FirstOf(vec!["/h/.config/warroom/config.toml".into(), "/etc/warroom/config.toml".into()])
    );
    assert_eq!(place(&Places::default()), Place::FirstOf(vec!["/etc/warroom/config.toml".into()]));
}

#[test]
fn the_first_that_stands_is_read_and_no_fault_leads_to_another() {
    let folder = tempfile::tempdir().unwrap();
    let [none, first, second] = ["none", "first", "second"].map(|name| folder.path().join(name));
    std::fs::write(&second, "theme = \"default\"").unwrap();
    mode(&second, 0o600);
    let places = Place::FirstOf(vec![none.clone(), first.clone(), second.clone()]);
    assert_eq!(load(&places), Ok(Some((second.clone(), "theme = \"default\"".to_owned()))));
    symlink(folder.path().join("gone"), &first).unwrap();
    assert!(load(&places).unwrap_err().file.ends_with("first"), "a link that leads nowhere is not passed over");
    assert_eq!(load(&Place::FirstOf(vec![none.clone(), second.join("below")])), Ok(None));
    assert!(load(&Place::Named(none)).is_err(), "what a person named must be there");
}
