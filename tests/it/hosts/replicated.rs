//! Journals and a real PostgreSQL: cut, killed, out of order, put back, forbidden to rewrite; the same state after all.

use std::collections::BTreeSet;

use tokio_postgres::NoTls;
use warroom::incident::what::{Noted, What};
use warroom::journal::Row;
use warroom::replicate::{Fault, Here, Moved, There};

use super::Host;
use super::beside::Stays;
use super::server::{Line, Postgres, log, runtime, secret, tells_the_secret};
use crate::journal::{INCIDENT, all, assert_intact, noon};
use crate::support::pty::Home;

fn noted(text: &str) -> What {
    What::Noted(Noted { text: text.to_owned(), follow_up: false })
}

/// A round of a host over a connection of its own.
fn round(server: &Postgres, host: &mut Host, here: &mut Here, user: &str, port: u16) -> Result<Moved, Fault> {
    let mut there = There::default();
    server.by(&server.place(user, port), async |client| there.exchange(client, &mut host.journal, here).await)
}

fn whole(server: &Postgres, host: &mut Host, user: &str) -> Moved {
    round(server, host, &mut Here::default(), user, server.port).unwrap()
}

/// A plain generator with a fixed seed.
pub fn random(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    }
}

#[test]
fn three_journals_settle_whatever_is_cut() {
    let server = Postgres::ready(&["jump"]);
    let line = Line::to(server.port);
    let mut hosts: Vec<(Host, Here)> = (0..3).map(|n| (Host::new(&format!("jump{n}")), Here::default())).collect();
    let mut next = random(0x9e37_79b9_7f4a_7c15);
    let (mut edits, mut cuts, mut whole_rounds) = (0u64, 0, 0);
    for step in 0..200 {
        let n = usize::try_from(next(3)).unwrap();
        let (host, here) = &mut hosts[n];
        for _ in 0..next(4) {
            edits += 1;
            host.write(noon() + chrono::TimeDelta::seconds(step), [noted(&format!("{step} by {n}"))]);
        }
        match next(3) {
            0 => {}
            1 => {
                // Somewhere in the handshake, a question, an answer, a transaction or its commit.
                line.cut_after(i64::try_from(next(12_000)).unwrap());
                cuts += u64::from(round(&server, host, here, "jump", line.port).is_err());
                line.mend();
            }
            _ => {
                round(&server, host, here, "jump", server.port).unwrap();
                whole_rounds += 1;
            }
        }
    }
    assert!(cuts > 10 && whole_rounds > 10, "{cuts} cuts, {whole_rounds} rounds: the test proves nothing");
    for _ in 0..2 {
        for (host, here) in &mut hosts {
            let moved = round(&server, host, here, "jump", server.port).unwrap();
            assert_eq!(moved.forks, []);
        }
    }
    let first = hosts[0].0.state();
    for (host, here) in &mut hosts {
        assert_eq!(host.state(), first);
        let entries = all(&mut host.journal);
        let ids: BTreeSet<_> = entries.iter().map(|e| e.id).collect();
        assert_eq!((entries.len() as u64, ids.len()), (edits, entries.len()), "none lost, none twice");
        assert_intact(&mut host.journal);
        assert_eq!(round(&server, host, here, "jump", server.port).unwrap(), Moved::default(), "then it is still");
    }
    println!("{edits} edits, {cuts} rounds cut, {whole_rounds} whole");
}

#[test]
fn commits_that_come_late_and_out_of_order_are_not_missed() {
    const ENTRIES: usize = 10_000;
    const EACH: usize = 100;
    let server = Postgres::ready(&["jump"]);
    let mut writers: Vec<Host> = (0..4).map(|n| Host::new(&format!("far{n}"))).collect();
    let mut rows: Vec<Row> = Vec::new();
    for host in &mut writers {
        host.write(noon(), (0..ENTRIES / 4).map(|n| noted(&n.to_string())));
        rows.extend(host.bundle(None).rows);
    }
    // Which entries a transaction carries, and in which order they are committed, is anybody's.
    let mut next = random(7);
    for at in (1..rows.len()).rev() {
        let other = usize::try_from(next(at as u64 + 1)).unwrap();
        rows.swap(at, other);
    }
    let (mut near, mut here) = (Host::new("near"), Here::default());
    let runtime = runtime();
    let url = format!("postgres://jump@127.0.0.1:{}/postgres", server.port);
    let mut config: tokio_postgres::Config = url.parse().unwrap();
    config.password(std::fs::read_to_string(secret(&server)).unwrap());
    let mut open = Vec::new();
    let mut seen = BTreeSet::new();
    for part in rows.chunks(EACH) {
        // Open and written to, not committed.
        let client = runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await.unwrap();
            tokio::spawn(connection);
            client.batch_execute("BEGIN").await.unwrap();
            for row in part {
                let seq = i64::try_from(row.seq).unwrap();
                let insert = "INSERT INTO warroom_entries VALUES ($1, $2, $3, $4, $5, $6)";
                let (prev, hash): (&[u8], &[u8]) = (&row.prev.0, &row.hash.0);
                client.execute(insert, &[&INCIDENT.0, &row.writer.0, &seq, &prev, &hash, &row.body]).await.unwrap();
            }
            client
        });
        open.push(client);
        if open.len() == 8 {
            let client = open.swap_remove(usize::try_from(next(8)).unwrap());
            runtime.block_on(client.batch_execute("COMMIT")).unwrap();
        }
        if next(4) == 0 {
            round(&server, &mut near, &mut here, "jump", server.port).unwrap();
            seen.insert(all(&mut near.journal).len());
            assert_eq!(near.journal.missing(INCIDENT).unwrap(), []);
        }
    }
    while !open.is_empty() {
        let client = open.swap_remove(usize::try_from(next(open.len() as u64)).unwrap());
        runtime.block_on(client.batch_execute("COMMIT")).unwrap();
        round(&server, &mut near, &mut here, "jump", server.port).unwrap();
        seen.insert(all(&mut near.journal).len());
    }
    assert!(seen.len() > 3, "all came at once: the test proves nothing ({seen:?})");
    assert_eq!(all(&mut near.journal).len(), ENTRIES);
    assert_intact(&mut near.journal);
}

#[test]
fn a_room_cannot_rewrite_the_table() {
    let server = Postgres::ready(&["jump", "reads"]);
    let mut one = Host::new("one");
    one.write(noon(), [noted("a"), noted("b")]);
    assert_eq!(whole(&server, &mut one, "jump").went, 2);
    let tried = |user: &str, text: &str| {
        server.by(&server.place(user, server.port), async |client| {
            Ok(client.batch_execute(text).await.map_err(|e| e.as_db_error().map(|d| d.message().to_owned())))
        })
    };
    for user in ["jump", "reads"] {
        for text in [
            "UPDATE warroom_entries SET body = ''",
            "DELETE FROM warroom_entries",
            "TRUNCATE warroom_entries",
            "DROP TABLE warroom_entries",
            "INSERT INTO warroom_entries SELECT * FROM warroom_entries ON CONFLICT (incident, writer, seq) DO UPDATE SET body = ''",
        ] {
            let refused = tried(user, text).unwrap().unwrap_err().unwrap();
            assert!(refused.contains("permission denied") || refused.contains("must be owner"), "{text}: {refused}");
        }
    }
    // Who may only read takes all and offers nothing, and is told.
    let mut two = Host::new("two");
    two.write(noon(), [noted("c")]);
    let moved = whole(&server, &mut two, "reads");
    assert_eq!((moved.all_came(), moved.went, moved.wait), (2, 0, 1));
    let mut there = There::default();
    for (user, rewrites) in [("postgres", true), ("jump", false)] {
        server
            .by(&server.place(user, server.port), async |client| {
                there = There::default();
                there.exchange(client, &mut one.journal, &mut Here::default()).await
            })
            .unwrap();
        assert_eq!(there.may_rewrite, rewrites, "{user}");
    }
}

#[test]
fn what_a_server_lost_is_offered_again() {
    let server = Postgres::ready(&["jump"]);
    let (mut one, mut here) = (Host::new("one"), Here::default());
    one.write(noon(), (0..1200).map(|n| noted(&n.to_string())));
    assert_eq!(round(&server, &mut one, &mut here, "jump", server.port).unwrap().went, 1200);
    // As a standby that took over before the last transactions had reached it; and one that lacks some in the middle.
    server.sql("DELETE FROM warroom_entries WHERE seq > 700 OR seq BETWEEN 300 AND 310");
    one.write(noon(), [noted("after")]);
    let moved = round(&server, &mut one, &mut here, "jump", server.port).unwrap();
    assert_eq!((moved.went, moved.forks), (1201 - 299, vec![]));
    let mut two = Host::new("two");
    assert_eq!(whole(&server, &mut two, "jump").all_came(), 1201);
    assert_eq!(two.state(), one.state());
}

#[test]
fn two_histories_are_named_and_hold_up_nobody_else() {
    let server = Postgres::ready(&["jump"]);
    let (mut one, mut other) = (Host::new("one"), Host::new("other"));
    one.write(noon(), [noted("a")]);
    other.write(noon(), [noted("o")]);
    whole(&server, &mut one, "jump");
    let (writer, _, head) = one.journal.head(INCIDENT).unwrap().writers[0];
    // The same pen went on elsewhere: a copy of the file that was put back.
    let body = b"{}".to_vec();
    let hash = warroom::incident::entry::Hash::of(head, &body);
    let forked = Row { writer, seq: 2, prev: head, hash, body };
    let (prev, hash): (Vec<u8>, Vec<u8>) = (forked.prev.0.to_vec(), forked.hash.0.to_vec());
    server.by_admin(async |client| {
        let insert = "INSERT INTO warroom_entries VALUES ($1, $2, 2, $3, $4, $5)";
        client
            .execute(insert, &[&INCIDENT.0, &writer.0, &prev, &hash, &forked.body])
            .await
            .map_err(|e| Fault(e.to_string()))
    });
    one.write(noon(), [noted("b")]);
    whole(&server, &mut other, "jump");
    let moved = whole(&server, &mut one, "jump");
    assert!(moved.forks.iter().any(|fork| (fork.writer, fork.seq) == (writer, 2)), "{:?}", moved.forks);
    assert_eq!(moved.all_came(), 1, "the other's came all the same");
    assert_eq!(moved.wait, 1, "and what is only here is told to wait");
    assert_intact(&mut one.journal);
    // It goes on with another pen, which reaches the others.
    one.write(noon(), [noted("c")]);
    assert_eq!(whole(&server, &mut one, "jump").went, 1);
    whole(&server, &mut other, "jump");
    let said: Vec<_> = all(&mut other.journal).into_iter().filter(|e| e.what == noted("c")).collect();
    assert_eq!(said.len(), 1);
    assert_ne!(said[0].writer, writer);
}

#[test]
fn what_crosses_the_network_is_encrypted_to_the_right_server() {
    let data = |name: &str| std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/tls").join(name);
    let encrypted = |server: &Postgres, ca: Option<&str>| {
        let mut place = server.place("postgres", server.port);
        place.ca = ca.map(data);
        server.by(&place, async |client| {
            let asked = client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await;
            asked.map(|row| row.get::<_, bool>(0)).map_err(|e| Fault(e.to_string()))
        })
    };
    let good = Postgres::start_as(Some("good"));
    assert_eq!(encrypted(&good, Some("ca.pem")), Ok(true));
    let why = |tried: Result<bool, Fault>| tried.unwrap_err().to_string();
    let told = why(encrypted(&good, Some("expired.pem")));
    assert!(told.contains("certificate"), "{told}");
    let told = why(encrypted(&Postgres::start_as(Some("other")), Some("ca.pem")));
    assert!(told.contains("not valid for name") || told.contains("NotValidForName"), "{told}");
    // Where it has to be encrypted, a server that cannot is not met.
    let plain = Postgres::start();
    assert_eq!(encrypted(&plain, None), Ok(false), "on this host nothing crosses a network");
    let told = why(encrypted(&plain, Some("ca.pem")));
    assert!(told.contains("TLS"), "{told}");
}

pub fn configured(server: &Postgres, user: &str) -> Home {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    let home = Home::new();
    let folder = home.path().join("config/warroom");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).unwrap();
    let text = format!(
        "[replicate]\nurl = \"postgres://{user}@127.0.0.1:{}/postgres?target_session_attrs=read-write\"\ntoken = {{ file = \"{}\" }}\n",
        server.port,
        secret(server)
    );
    std::fs::write(folder.join("config.toml"), text).unwrap();
    std::fs::set_permissions(folder.join("config.toml"), PermissionsExt::from_mode(0o600)).unwrap();
    home
}

#[test]
fn by_the_command_over_a_killed_server() {
    let mut server = Postgres::start();
    let admin = configured(&server, "postgres");
    let printed = admin.must(&["replicate", "init", "--print"]);
    assert!(printed.contains("CREATE ROLE warroom_append") && printed.contains("PRIMARY KEY (incident, writer, seq)"));
    let before = admin.run(&["replicate", "--once"]);
    assert_eq!(before.code, Some(1));
    assert!(before.err.contains("warroom_entries") && before.err.contains("does not exist"), "{}", before.err);
    let checked = admin.run(&["check"]);
    assert!(checked.code == Some(1) && checked.out.contains("run `warroom replicate init`"), "{}", checked.out);
    admin.must(&["replicate", "init"]);
    assert!(admin.must(&["check"]).contains("this user may REWRITE the tables"));
    let password = std::fs::read_to_string(secret(&server)).unwrap();
    server.sql(&format!("CREATE ROLE jump LOGIN PASSWORD '{password}' IN ROLE warroom_append"));
    let (here, there) = (configured(&server, "jump"), configured(&server, "jump"));
    assert!(here.must(&["check"]).contains("the user may read and add, and rewrite nothing"));
    here.must(&["--as", "kim", "declare", "Outage", "--severity", "sev2", "--playbook", "generic"]);
    assert!(here.must(&["replicate", "--once"]).contains("0 entries came"));
    let told = there.must(&["replicate", "--once"]);
    assert!(told.contains("not known here before") && told.contains("Outage"), "{told}");
    let mut stays = Stays::start(&there, "replicate");
    stays.until("connected");
    server.kill();
    let cut = stays.until("CUT OFF");
    assert!(cut.contains("entries wait"), "{cut}");
    // Both go on meanwhile.
    here.must(&["--as", "kim", "note", "written here while cut off"]);
    there.must(&["--as", "ana", "note", "written there while cut off"]);
    let ran = here.run(&["replicate", "--once"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("cannot be reached"), "{}", ran.err);
    server.go();
    let back = stays.until("back, cut off since");
    assert!(back.contains(" went"), "{back}");
    here.must(&["replicate", "--once"]);
    stays.until(" entries came");
    drop(stays);
    there.must(&["replicate", "--once"]);
    here.must(&["replicate", "--once"]);
    let timeline = |home: &Home| {
        let state: serde_json::Value = serde_json::from_str(&home.must(&["state", "--json"])).unwrap();
        state["timeline"].to_string()
    };
    assert_eq!(timeline(&here), timeline(&there));
    assert!(timeline(&here).contains("written there while") && timeline(&there).contains("written here while"));
    // What only one has, nobody; what is wrong, in words, and never the secret.
    let stranger = configured(&server, "stranger");
    let ran = stranger.run(&["replicate", "--once"]);
    assert!(ran.code == Some(1) && ran.err.contains("authentication failed"), "{}", ran.err);
    for text in [ran.err, told, cut, back, log(&server)] {
        assert!(!tells_the_secret(&text), "{text}");
    }
    let none = Home::new().run(&["replicate", "--once"]);
    assert_eq!(none.code, Some(2));
    assert!(none.err.contains("[replicate]"), "{}", none.err);
}
