//! The one gate between outside text and a terminal. Never lets a control, escape, bidi or invisible character through.
//!
//! The journal keeps the raw text, since it is evidence; only what is shown passes here.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

/// How many characters one grapheme may hold before the rest is shown as a count.
const MARKS_PER_GRAPHEME: usize = 5;

/// One line of text that may meet a terminal. The only way to make one from a run-time string is the gate.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Safe(String);

impl Safe {
    /// Passes `raw` through the gate as one line: line feeds and all other controls are shown, tabs become a blank.
    pub fn new(raw: &str) -> Safe {
        if raw.bytes().all(|b| (0x20..0x7f).contains(&b)) {
            return Safe(raw.to_owned());
        }
        let mut out = String::with_capacity(raw.len() + 8);
        for grapheme in raw.graphemes(true) {
            push_grapheme(&mut out, grapheme);
        }
        Safe(out)
    }

    /// Passes `raw` through the gate as many lines, split at line feeds (CR LF counts as one).
    pub fn lines(raw: &str) -> Vec<Safe> {
        raw.split('\n').map(|line| Safe::new(line.strip_suffix('\r').unwrap_or(line))).collect()
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Joins safe pieces; safe because each already passed the gate and none ends in an open sequence.
    pub fn push(&mut self, more: &Safe) {
        self.0.push_str(&more.0);
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

fn push_grapheme(out: &mut String, grapheme: &str) {
    let mut kept = 0;
    let mut cut = 0;
    for c in grapheme.chars() {
        match substitute(c) {
            Shown::AsIs => {
                if kept < MARKS_PER_GRAPHEME {
                    out.push(c);
                    kept += 1;
                } else {
                    cut += 1;
                }
            }
            Shown::Char(visible) => out.push(visible),
            Shown::Code => {
                use fmt::Write;
                let _ = write!(out, "⟨U+{:04X}⟩", c as u32);
            }
        }
    }
    if cut > 0 {
        use fmt::Write;
        let _ = write!(out, "⟨+{cut} marks⟩");
    }
}

enum Shown {
    AsIs,
    Char(char),
    Code,
}

fn substitute(c: char) -> Shown {
    match c {
        '\t' => Shown::Char(' '),
        '\u{0}'..='\u{1f}' => Shown::Char(char::from_u32(0x2400 + c as u32).unwrap_or('\u{fffd}')),
        '\u{7f}' => Shown::Char('␡'),
        '\u{80}'..='\u{9f}' => Shown::Code,
        // A joiner and an emoji selector are part of ordinary graphemes, but terminals disagree on their width:
        // shown without them, the parts stand side by side and every terminal agrees.
        '\u{200d}' | '\u{fe00}'..='\u{fe0e}' | '\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => Shown::Code,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' => Shown::Code,
        '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' => Shown::Code,
        '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' => Shown::Code,
        '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' => Shown::Code,
        '\u{e0000}'..='\u{e0fff}' => Shown::Code,
        // Private use: a font may draw anything there, a status mark of ours among them.
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => Shown::Code,
        // Regional indicators pair into flags in some terminals only.
        '\u{1f1e6}'..='\u{1f1ff}' => Shown::Code,
        _ => Shown::AsIs,
    }
}

/// Literals of the program are safe by review.
impl From<&'static str> for Safe {
    fn from(literal: &'static str) -> Safe {
        debug_assert!(!literal.chars().any(char::is_control), "a literal with a control: {literal:?}");
        Safe(literal.to_owned())
    }
}

impl fmt::Display for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Safe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Formats like `format!`, then passes the whole through the gate. For rows that mix literals with outside text.
#[macro_export]
macro_rules! safe {
    ($($arg:tt)*) => { $crate::text::Safe::new(&format!($($arg)*)) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_are_shown_and_not_obeyed() {
        assert_eq!(Safe::new("db\u{1b}[2J clear").as_str(), "db␛[2J clear");
        assert_eq!(Safe::new("a\u{9b}2J").as_str(), "a⟨U+009B⟩2J");
        assert_eq!(Safe::new("abc\u{202e}def").as_str(), "abc⟨U+202E⟩def");
        assert_eq!(Safe::new("one\ntwo\r").as_str(), "one␊two␍");
        assert_eq!(Safe::new("tag\u{e0041}").as_str(), "tag⟨U+E0041⟩");
    }

    #[test]
    fn ordinary_languages_stay_readable() {
        for text in ["Ausfall im Süden", "停电", "тест", "e\u{301}te\u{301}", "العربية"] {
            assert_eq!(Safe::new(text).as_str(), text);
        }
    }

    #[test]
    fn stacked_marks_are_cut_and_counted() {
        let zalgo = format!("a{}b", "\u{301}".repeat(40));
        let shown = Safe::new(&zalgo);
        assert!(shown.as_str().ends_with("⟨+36 marks⟩b"), "{shown}");
    }

    proptest! {
        #[test]
        fn nothing_a_terminal_obeys_comes_out(raw in any::<String>()) {
            let obeyed = |c: char| {
                c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c) || ('\u{2066}'..='\u{2069}').contains(&c)
            };
            prop_assert_eq!(Safe::new(&raw).as_str().chars().find(|c| obeyed(*c)), None);
        }

        #[test]
        fn the_gate_is_idempotent(raw in any::<String>()) {
            let once = Safe::new(&raw);
            let twice = Safe::new(once.as_str());
            prop_assert_eq!(once, twice);
        }
    }
}
