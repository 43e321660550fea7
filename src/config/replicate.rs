//! Reads `[replicate]`: the server where several hosts meet. Contacts nobody, never repeats the URL in a fault.

use std::path::{Path, PathBuf};

use tokio_postgres::config::Host;

use super::document::Fields;
use super::problem::Faults;
use super::{SecretRef, secret};
use crate::text::duration;

/// What `[replicate]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicate {
    /// Without a password.
    pub url: String,
    pub token: Option<SecretRef>,
    pub ca: Option<PathBuf>,
    /// Seconds between two rounds.
    pub every: u64,
    /// A person accepted that the entries cross the network as they are.
    pub insecure: bool,
}

const EVERY: u64 = 1;
const EXPECTED: &str =
    "expected a PostgreSQL URL such as \"postgres://warroom@db1,db2/ops?target_session_attrs=read-write\"";

pub fn read(root: &mut Fields<'_>, folder: &Path, faults: &mut Faults) -> Option<Replicate> {
    let mut fields = root.table("replicate", faults)?;
    let url = fields.need_text("url", faults);
    let token = secret::read(&mut fields, "token", folder, faults);
    let ca = fields.text("ca", faults).and_then(|path| secret::beside(&path, folder, faults));
    let every = fields.text("every", faults).map_or(EVERY, |found| match duration::parse_seconds(&found.value) {
        Ok(n) if (1..=60).contains(&n) => n,
        Ok(_) | Err(_) => {
            faults.add(found.line, &found.key, "expected a duration from 1s to 60s, such as \"1s\"");
            EVERY
        }
    });
    let insecure = fields.flag("insecure", faults).is_some_and(|f| f.value);
    fields.finish(faults);
    let url = url?;
    match fits(&url.value) {
        Ok(()) => Some(Replicate { url: url.value, token, ca, every, insecure }),
        Err(message) => {
            faults.add(url.line, &url.key, message);
            None
        }
    }
}

/// What is wrong with the URL, if anything.
fn fits(url: &str) -> Result<(), &'static str> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(EXPECTED);
    }
    let config: tokio_postgres::Config = url.parse().map_err(|_| EXPECTED)?;
    if config.get_password().is_some() {
        return Err("expected no password in it; put it under token");
    }
    if config.get_user().is_none_or(str::is_empty) {
        return Err("names no user: postgres://USER@host/database");
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        return Err(EXPECTED);
    }
    if url.contains("sslmode=") {
        return Err("expected no sslmode: it is encrypted but on this host; `insecure = true` allows plain");
    }
    let metadata = |host: &Host| matches!(host, Host::Tcp(name) if name.starts_with("169.254."));
    if config.get_hosts().iter().any(metadata) {
        return Err("link-local and cloud metadata addresses are never asked");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn urls() {
        for good in [
            "postgres://warroom@db1,db2:5433/ops?target_session_attrs=read-write",
            "postgresql://warroom@127.0.0.1/ops",
            "postgres://warroom@%2Frun%2Fpostgresql/ops",
        ] {
            assert_eq!(fits(good), Ok(()), "{good}");
        }
        for (wrong, why) in [
            ("host=db1 user=warroom", "PostgreSQL URL"),
            ("https://db1/ops", "PostgreSQL URL"),
            ("postgres://db1/ops", "names no user"),
            ("postgres://warroom:CANARY@db1/ops", "under token"),
            ("postgres://warroom@db1/ops?password=CANARY", "under token"),
            ("postgres://warroom@db1/ops?sslmode=disable", "no sslmode"),
            ("postgres://warroom@169.254.169.254/ops", "metadata"),
            ("postgres://warroom@db1/ops?nonsense=CANARY", "PostgreSQL URL"),
        ] {
            let said = fits(wrong).unwrap_err();
            assert!(said.contains(why) && !said.contains("CANARY"), "{wrong}: {said}");
        }
    }
}
