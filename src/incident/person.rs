//! Which names are accounts that several people share: nobody answers for what such a name approved. Pure; knows no machine.

use super::command::Refusal;

/// Accounts that several people log in as, on ordinary systems. Lower case.
const SHARED: &[&str] = &[
    "adm",
    "admin",
    "administrator",
    "alpine",
    "ansible",
    "azureuser",
    "bitnami",
    "centos",
    "cloud-user",
    "debian",
    "deploy",
    "deployer",
    "ec2-user",
    "fedora",
    "guest",
    "nobody",
    "noc",
    "on-call",
    "oncall",
    "on_call",
    "operations",
    "operator",
    "ops",
    "rocky",
    "root",
    "service",
    "shared",
    "sre",
    "support",
    "system",
    "team",
    "toor",
    "ubuntu",
    "user",
    "vagrant",
    "warroom",
];

/// Whether a name says which account it is and not which person. No name says nothing either.
pub fn is_shared(name: &str) -> bool {
    let name = name.trim().to_lowercase();
    name.is_empty() || SHARED.contains(&name.as_str()) || name.starts_with("user ")
}

/// Refuses where a shared account would answer for something. `doing`: what it would do.
pub fn answers(name: &str, doing: &str) -> Result<(), Refusal> {
    if is_shared(name) {
        let who = if name.trim().is_empty() { "nobody" } else { name.trim() };
        return Err(Refusal::new(format!(
            "\"{who}\" is a shared account and cannot {doing}: say who you are with --as NAME (or $WARROOM_NAME)"
        )));
    }
    Ok(())
}

/// Refuses where a shared account is named as the person who confirms.
pub fn confirms(name: &str) -> Result<(), Refusal> {
    if is_shared(name) {
        return Err(Refusal::new(format!(
            "\"{}\" is a shared account: name the person who confirms it, or leave it unconfirmed",
            name.trim()
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_no_people() {
        for name in ["root", "Ops", "ON-CALL", "ec2-user", " ubuntu ", "", "user 1000"] {
            assert!(is_shared(name), "{name:?}");
        }
        for name in ["kim", "rooter", "opsahl", "ana ubuntu", "Kore", "李"] {
            assert!(!is_shared(name), "{name:?}");
        }
        assert!(answers("root", "approve").unwrap_err().0.contains("--as NAME"));
        assert_eq!(answers("kim", "approve"), Ok(()));
    }
}
