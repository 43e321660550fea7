//! Planted secrets, in a variable, a file and behind a command: in no output, no journal, no export, whatever fails.

use std::os::unix::fs::OpenOptionsExt;

use super::given::{config, declared};
use crate::support::wire::{Act, Wire, answer};

const CANARIES: [&str; 3] = ["canary-in-a-variable-4c1f", "canary-in-a-file-9a2e", "canary-behind-a-command-77d0"];

/// A mail server that refuses every sign-in and repeats it, as it came and decoded; its port.
fn parrot() -> u16 {
    use base64::Engine;
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut out in listener.incoming().flatten() {
            let lines = BufReader::new(out.try_clone().unwrap()).lines();
            let _ = out.write_all(b"220 here\r\n");
            for line in lines.map_while(Result::ok) {
                let reply = match line.strip_prefix("AUTH PLAIN ") {
                    Some(word) => {
                        let plain = base64::engine::general_purpose::STANDARD.decode(word).unwrap_or_default();
                        let plain = String::from_utf8_lossy(&plain).replace('\0', " ");
                        format!("535 you said {word}, that is {plain}\r\n")
                    }
                    None => "250-here\r\n250 AUTH PLAIN\r\n".to_owned(),
                };
                if out.write_all(reply.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    port
}

#[test]
fn no_secret_gets_out_whatever_fails() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    // A server that throws everything back that it was sent, and one that is not there.
    let echo = runtime.block_on(Wire::start(|seen| {
        vec![Act::Say(answer(500, &[("Content-Type", "text/plain")], seen.head.as_bytes()))]
    }));
    let dead = crate::support::process::free_port();
    let (home, _) = declared();
    let file = home.path().join("config/warroom/token");
    let mut handle = std::fs::File::options().create_new(true).write(true).mode(0o600).open(&file).unwrap();
    std::io::Write::write_all(&mut handle, CANARIES[1].as_bytes()).unwrap();
    let secrets = [
        "{ env = \"CANARY\" }".to_owned(),
        format!("{{ file = {:?} }}", file.display().to_string()),
        format!("{{ command = [\"/bin/echo\", \"{}\"] }}", CANARIES[2]),
    ];
    let mut more = String::new();
    for (n, token) in secrets.iter().enumerate() {
        for (place, url) in [("echo", echo.url()), ("dead", format!("http://127.0.0.1:{dead}"))] {
            more.push_str(&format!(
                "[[metrics]]\nname = \"{place}-{n}\"\nkind = \"prometheus\"\nurl = \"{url}\"\ntimeout = \"2s\"\ntoken = {token}\n[[metrics.query]]\nname = \"q{place}{n}\"\nquery = \"1\"\n"
            ));
        }
    }
    // The same for what messages leave by: a mail server that repeats what it hears, a chat and a page that do.
    let mail = parrot();
    for (n, token) in secrets.iter().enumerate() {
        more.push_str(&format!(
            "[[notification]]\nname = \"mail-{n}\"\nkind = \"smtp\"\nurl = \"smtp://127.0.0.1:{mail}\"\ntls = \"none\"\nfrom = \"a@example.net\"\nuser = \"ops\"\ntimeout = \"2s\"\ntoken = {token}\n\
             [[notification]]\nname = \"chat-{n}\"\nkind = \"slack\"\nurl = \"{0}\"\nchannel = \"C1\"\ntimeout = \"2s\"\ntoken = {token}\n\
             [[notification]]\nname = \"site-{n}\"\nkind = \"statuspage-manage\"\nurl = \"{0}\"\npage = \"p1\"\ntimeout = \"2s\"\ntoken = {token}\n",
            echo.url()
        ));
    }
    config(&home, &more);
    let mut said = String::new();
    for arguments in [
        &["check"][..],
        &["check", "--json"],
        &["poll", "--once"],
        &["poll", "--once", "--json"],
        &["state"],
        &["state", "--json"],
        &["export"],
        &["export", "--format", "json"],
        &["can"],
        &["verify"],
        &["list"],
        &["backends"],
    ] {
        let ran =
            crate::support::pty::Ran::of(home.command().env("CANARY", CANARIES[0]).args(arguments).output().unwrap());
        said.push_str(&ran.out);
        said.push_str(&ran.err);
    }
    for asked in ["mail-0", "chat-1", "site-2"] {
        assert!(said.contains(asked), "{asked} was tried: {said}");
    }
    assert!(said.contains("535 you said"), "the mail server's words are told: {said}");
    assert!(said.contains("echo-0") && said.contains("dead-2"), "the sources were asked and told of: {said}");
    let heads: String = echo.seen().iter().map(|seen| seen.head.clone()).collect();
    for canary in CANARIES {
        assert!(heads.contains(canary), "{canary} was sent to its own backend");
        assert!(!said.contains(canary), "{canary} is printed");
        let encoded = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("\0ops\0{canary}"));
        assert!(!said.contains(&encoded), "{canary} is printed, encoded");
        for path in home.left("state") {
            let bytes = std::fs::read(&path).unwrap_or_default();
            assert!(!bytes.windows(canary.len()).any(|w| w == canary.as_bytes()), "{canary} is in {path}");
        }
    }
}
