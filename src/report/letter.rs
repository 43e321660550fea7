//! A worksheet as it is mailed to somebody: the text that was read, to whom, over what, and what the record says of it before
//! and after. Sends nothing.

use crate::incident::recipient;

/// A worksheet on its way to addresses. It is word to no audience: nobody reads as told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub rule: String,
    pub stage: String,
    pub to: Vec<String>,
    /// The mail backend's name.
    pub over: String,
    pub subject: String,
    /// As it was shown, raw.
    pub text: String,
}

impl Letter {
    /// What the record says before it leaves. True also where the process dies and nobody writes another line.
    pub fn before(&self) -> String {
        let to = self.to.join(", ");
        let what = format!("mails the worksheet of {} {} to {to} over {}", self.rule, self.stage, self.over);
        format!("{what}; whether it went is not known until another line says so")
    }

    /// What the record says once it is known how that went. `how`: `1 of 1 sent`.
    pub fn after(&self, how: &str) -> String {
        format!("the worksheet of {} {} over {}: {how}", self.rule, self.stage, self.over)
    }
}

/// Addresses as typed, apart by commas or blanks. Err: a sentence.
pub fn addresses(text: &str) -> Result<Vec<String>, String> {
    let mut out: Vec<String> = Vec::new();
    for one in text.split([',', ' ']).filter(|one| !one.is_empty()) {
        if let Some(why) = recipient::fault(one) {
            return Err(format!("{one}: {why}"));
        }
        if !one.contains('@') {
            return Err(format!("{one}: expected an address such as \"counsel@example.net\""));
        }
        if !out.iter().any(|known| known.eq_ignore_ascii_case(one)) {
            out.push(one.to_owned());
        }
    }
    if out.is_empty() { Err("expected an address such as \"counsel@example.net\"".to_owned()) } else { Ok(out) }
}
