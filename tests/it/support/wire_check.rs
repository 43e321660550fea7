//! Which bytes may go to a terminal: our own few sequences and printable text, nothing else.

/// Sequences with a question mark that the program sends.
const MODES: [&str; 4] = ["25", "1049", "2004", "2026"];

/// What there is in `bytes` that the renderer never sends; None: nothing.
pub fn foreign(bytes: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        // A character may be cut at the very end of what was read.
        Err(e) if e.error_len().is_none() => std::str::from_utf8(&bytes[..e.valid_up_to()]).ok()?,
        Err(e) => return Some(format!("bytes that are no UTF-8 at {}", e.valid_up_to())),
    };
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let near = || text[at..].chars().take(24).collect::<String>();
        match c {
            '\u{1b}' => {
                let kind = chars.next().map(|(_, c)| c);
                if kind == Some(']') {
                    // The title: printable text and its end.
                    if chars.next().map(|(_, c)| c) != Some('2') || chars.next().map(|(_, c)| c) != Some(';') {
                        return Some(format!("an operating system command that is no title: {:?}", near()));
                    }
                    let end = loop {
                        match chars.next() {
                            Some((_, c)) if c.is_control() => break c,
                            Some(_) => {}
                            None => return None,
                        }
                    };
                    if end != '\u{1b}' || chars.next().map(|(_, c)| c) != Some('\\') {
                        return Some(format!("a control in a title: {:?}", near()));
                    }
                    continue;
                }
                if kind != Some('[') {
                    return Some(format!("an escape that is no CSI: {:?}", near()));
                }
                let mut parameters = String::new();
                let last = loop {
                    match chars.next() {
                        Some((_, c)) if c.is_ascii_digit() || c == ';' || c == '?' => parameters.push(c),
                        Some((_, c)) => break c,
                        // Cut at the end of what was read.
                        None => return None,
                    }
                };
                let plain = parameters.chars().all(|c| c.is_ascii_digit() || c == ';');
                let ours = match last {
                    'H' | 'm' => plain,
                    'C' => plain && !parameters.contains(';'),
                    'J' => parameters == "2",
                    'c' => parameters.is_empty(),
                    't' => parameters == "22;2" || parameters == "23;2",
                    'h' | 'l' => parameters.strip_prefix('?').is_some_and(|mode| MODES.contains(&mode)),
                    _ => false,
                };
                if !ours {
                    return Some(format!("a foreign sequence: {:?}", near()));
                }
            }
            // The bell.
            '\u{7}' => {}
            '\r' if chars.next().map(|(_, c)| c) == Some('\n') => {}
            '\r' => return Some(format!("a carriage return alone: {:?}", near())),
            c if c.is_control() => return Some(format!("a control character: {:?}", near())),
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' => {
                return Some(format!("a character that turns or breaks lines: {:?}", near()));
            }
            _ => {}
        }
    }
    None
}

/// The SGR parameters of every style change.
pub fn styles(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = Vec::new();
    for piece in text.split("\u{1b}[").skip(1) {
        let parameters: String = piece.chars().take_while(|c| c.is_ascii_digit() || *c == ';').collect();
        if piece[parameters.len()..].starts_with('m') {
            out.push(parameters);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_tells_ours_from_foreign() {
        assert_eq!(
            foreign("\u{1b}[?2026h\u{1b}[0m\u{1b}[2J\u{1b}[Hé\u{1b}[3C\r\n\u{1b}[38;2;1;2;3mx\u{1b}[c".as_bytes()),
            None
        );
        for bad in [
            "\u{1b}]0;t\u{7}",
            "\u{1b}]2;t\u{7}",
            "\u{1b}]2;t\u{9b}m\u{1b}\\",
            "\u{1b}[8;1;1t",
            "\u{1b}[3A",
            "\u{1b}c",
            "a\u{9b}2J",
            "a\rb",
            "\u{1b}[?1003h",
            "\u{1b}[6n",
            "a\u{202e}b",
            "\u{1b}[J",
        ] {
            assert!(foreign(bad.as_bytes()).is_some(), "{bad:?}");
        }
        assert_eq!(foreign("\u{1b}[22;2t\u{1b}]2;SEV1 é\u{1b}\\\u{7}\u{1b}[23;2t".as_bytes()), None);
        assert!(foreign(b"a\xffb").is_some());
        assert_eq!(styles(b"\x1b[1;31mx\x1b[my\x1b[2J"), ["1;31", ""]);
    }
}
