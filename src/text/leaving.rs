//! Text that leaves the building: what is sent is what was read, so nothing may be in it that is not seen.

/// The text with the line ends and blanks that every channel knows.
pub fn tidy(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\t', " ").trim().to_owned()
}

/// The first character that nobody sees and that changes what others see: a control, or one that turns the rest around.
/// Joiners and selectors of ordinary writing are none.
pub fn hidden(text: &str) -> Option<char> {
    text.chars().find(|c| match c {
        '\n' => false,
        // What Unicode lets a reader leave out, but for joiners and the selectors of ordinary writing.
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => true,
        '\u{3164}' | '\u{ffa0}' | '\u{2800}' | '\u{e0100}'..='\u{e0fff}' | '\u{1bca0}'..='\u{1bca3}' => true,
        '\u{1d173}'..='\u{1d17a}' => true,
        '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' => true,
        '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e00ff}' => true,
        c => c.is_control(),
    })
}

/// Outside text as one line without anything hidden, for a subject or a title: no line of it can become another header.
pub fn line(text: &str) -> String {
    let clean: String =
        text.chars().map(|c| if c == '\n' || hidden(&c.to_string()).is_some() { ' ' } else { c }).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn honest_writing_has_nothing_hidden() {
        for text in ["Süden\nzwei", "می‌خواهم", "👩‍🚒 und ❤️", "العربية", "e\u{301}"] {
            assert_eq!(hidden(text), None, "{text}");
        }
        for (text, found) in [("a\u{1b}[2J", '\u{1b}'), ("a\u{202e}b", '\u{202e}'), ("a\u{e0041}", '\u{e0041}')] {
            assert_eq!(hidden(text), Some(found));
        }
        assert_eq!(tidy(" a\r\nb\tc \n"), "a\nb c");
    }
}
