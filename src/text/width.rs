//! How many columns a text takes. One table for every pane, so that columns agree with each other.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns of `text`, counted by grapheme cluster.
pub fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).map(grapheme).sum() }
}

/// Columns of one grapheme cluster; never more than two, whatever the table says of rare sequences.
pub fn grapheme(cluster: &str) -> usize {
    cluster.width().min(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_combining() {
        assert_eq!(width("abc"), 3);
        assert_eq!(width("停电"), 4);
        assert_eq!(width("e\u{301}"), 1);
    }
}
