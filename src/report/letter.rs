//! A worksheet as it is mailed to somebody: the text that was read, to whom, over what, and what the record says of it before
//! and after. Sends nothing.

use crate::incident::recipient;
use crate::text::Safe;

/// A worksheet on its way to addresses. It is word to no audience: nobody reads as told by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub rule: String,
    pub stage: String,
    pub to: Vec<String>,
    /// The mail backend's name.
    pub over: String,
    pub subject: String,
    /// As it was shown: outside text in it passed the gate, so that nothing leaves that nobody saw.
    pub text: String,
}

impl Letter {
    pub fn of((rule, stage): (&str, &str), to: Vec<String>, over: String, subject: String, lines: &[String]) -> Letter {
        let text = lines.iter().map(|line| Safe::new(line).as_str().to_owned()).collect::<Vec<_>>().join("\n") + "\n";
        let subject = Safe::new(&subject).as_str().to_owned();
        Letter { rule: rule.to_owned(), stage: stage.to_owned(), to, over, subject, text }
    }

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
