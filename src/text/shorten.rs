//! Cutting and wrapping text to columns, at grapheme clusters. Never splits a cluster, never exceeds the width.

use unicode_segmentation::UnicodeSegmentation;

use super::{Safe, width};

/// `text` cut to `columns`, with `…` (or `~` where only ASCII may be drawn) in the last column where something was cut.
pub fn shorten(text: &Safe, columns: usize) -> Safe {
    if width::width(text.as_str()) <= columns {
        return text.clone();
    }
    if columns == 0 {
        return Safe::default();
    }
    let mut out = String::new();
    let mut used = 0;
    for cluster in text.as_str().graphemes(true) {
        let w = width::grapheme(cluster);
        if used + w > columns - 1 {
            break;
        }
        out.push_str(cluster);
        used += w;
    }
    out.push('…');
    Safe::new(&out)
}

/// Wraps at blanks to `columns`; a word longer than a line is cut into pieces. What is set in stays so on every line, where
/// there is room. At least one line.
pub fn wrap(text: &Safe, columns: usize) -> Vec<Safe> {
    let words = text.as_str().trim_start_matches(' ');
    let blanks = text.as_str().len() - words.len();
    let indent = if blanks * 3 > columns { blanks.min(2) } else { blanks };
    if indent + 2 > columns {
        return fill(words, columns);
    }
    let set_in = |line: Safe| Safe::new(&format!("{}{line}", " ".repeat(indent)));
    fill(words, columns - indent).into_iter().map(set_in).collect()
}

fn fill(text: &str, columns: usize) -> Vec<Safe> {
    let columns = columns.max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ') {
        let w = width::width(word);
        if used > 0 && used + 1 + w > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for cluster in word.graphemes(true) {
            let cw = width::grapheme(cluster);
            if used + cw > columns && used > 0 {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(cluster);
            used += cw;
        }
    }
    lines.push(line);
    lines.iter().map(|l| Safe::new(l)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cuts_and_marks() {
        assert_eq!(shorten(&Safe::new("Consumers"), 5).as_str(), "Cons…");
        assert_eq!(shorten(&Safe::new("Care"), 5).as_str(), "Care");
        assert_eq!(shorten(&Safe::new("停电停电"), 5).as_str(), "停电…");
    }

    #[test]
    fn what_is_set_in_stays_so() {
        let lines = |text: &str, columns| {
            wrap(&Safe::new(text), columns).iter().map(|l| l.as_str().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lines("    one two", 9), ["  one two"]);
        assert_eq!(lines("  one two", 7), ["  one", "  two"]);
        assert_eq!(lines("   one", 3), ["one"]);
        assert_eq!(lines("", 3), [""]);
    }

    proptest! {
        #[test]
        fn never_wider_than_asked(raw in any::<String>(), columns in 0usize..60) {
            let safe = Safe::new(&raw);
            prop_assert!(width::width(shorten(&safe, columns).as_str()) <= columns);
            for line in wrap(&safe, columns.max(2)) {
                prop_assert!(width::width(line.as_str()) <= columns.max(2));
            }
        }
    }
}
