//! How long a text is in what a channel counts: segments of short messages, the weight of a social post.

use unicode_segmentation::UnicodeSegmentation;

/// The default alphabet of GSM 03.38: one septet each.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension: two septets each.
const EXTENDED: &str = "^{}\\[~]|€\u{c}";

/// Segments of a short message (3GPP TS 23.038, 23.040): 160 septets alone, 153 in each of several; 70 and 67 UTF-16 units
/// where a character is outside of the GSM alphabet. A character is never cut in two.
pub fn segments(text: &str) -> usize {
    let septets = |c: char| match c {
        c if BASIC.contains(c) => Some(1),
        c if EXTENDED.contains(c) => Some(2),
        _ => None,
    };
    let (sizes, alone, each): (Vec<usize>, usize, usize) = match text.chars().map(septets).collect() {
        Some(sizes) => (sizes, 160, 153),
        None => (text.chars().map(char::len_utf16).collect(), 70, 67),
    };
    if sizes.iter().sum::<usize>() <= alone {
        return usize::from(!sizes.is_empty());
    }
    let (mut count, mut used) = (1, 0);
    for size in sizes {
        if used + size > each {
            count += 1;
            used = 0;
        }
        used += size;
    }
    count
}

/// What a link weighs in a post, however long it is.
const LINK: usize = 23;

/// The weight of a post: one for a Latin character, two for most others and for an emoji, [`LINK`] for a link.
pub fn post(text: &str) -> usize {
    text.split_inclusive(char::is_whitespace)
        .map(|word| match word.starts_with("https://") || word.starts_with("http://") {
            true => LINK + usize::from(word.ends_with(char::is_whitespace)),
            false => word.graphemes(true).map(weight).sum(),
        })
        .sum()
}

fn weight(cluster: &str) -> usize {
    let light = |c: char| matches!(u32::from(c), 0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247);
    if cluster.chars().all(light) { cluster.chars().count() } else { 2 }
}

/// A whole number with its thousands set apart.
pub fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::from(if number < 0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_messages_are_cut_where_the_network_cuts_them() {
        assert_eq!(segments(""), 0);
        assert_eq!(segments(&"a".repeat(160)), 1);
        assert_eq!(segments(&"a".repeat(161)), 2);
        assert_eq!(segments(&"a".repeat(306)), 2);
        assert_eq!(segments(&"a".repeat(307)), 3);
        assert_eq!(segments(&"€".repeat(80)), 1);
        assert_eq!(segments(&"€".repeat(81)), 2);
        // One letter outside of the alphabet, and every character takes more.
        assert_eq!(segments(&format!("{}ő", "a".repeat(69))), 1);
        assert_eq!(segments(&format!("{}ő", "a".repeat(70))), 2);
        // An extended character is not cut in two: 152 + 2 does not fit into 153.
        assert_eq!(segments(&format!("{}€{}", "a".repeat(152), "a".repeat(152))), 3);
    }

    #[test]
    fn a_post_weighs_links_and_wide_letters() {
        assert_eq!(post("abc"), 3);
        assert_eq!(post("see https://example.com/a/very/long/path/that/does/not/matter now"), 4 + 23 + 1 + 3);
        assert_eq!(post("停电"), 4);
        assert_eq!(post("👨‍👩‍👧"), 2);
    }
}
