//! The one series selector inside a simple query, so that its samples' age can be asked for. Reads no other PromQL.

/// Aggregations of one vector whose samples are as old as the vector's.
const AGGREGATIONS: &[&str] =
    &["sum", "min", "max", "avg", "count", "group", "stddev", "stdvar", "scalar", "abs", "ceil", "floor", "round"];

/// `a{b="c"}` out of `sum(a{b="c"})`; none where the query is more than a selector or aggregations around one.
pub fn of(query: &str) -> Option<&str> {
    let query = query.trim();
    if is_selector(query) {
        return Some(query);
    }
    let (head, rest) = query.split_once('(')?;
    let inner = rest.strip_suffix(')')?;
    if AGGREGATIONS.contains(&head.trim()) { of(inner) } else { None }
}

/// A metric name, optionally with one balanced `{…}` after it, and nothing else.
fn is_selector(text: &str) -> bool {
    let name_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let rest = rest.trim();
    if rest.is_empty() {
        return !matches!(name, "NaN" | "Inf" | "inf" | "nan");
    }
    let Some(inside) = rest.strip_prefix('{') else { return false };
    closes_at_end(inside)
}

/// Whether the `}` that ends the matchers is the last character; quotes and escapes are honoured.
fn closes_at_end(inside: &str) -> bool {
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (i, c) in inside.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(q) if c == '\\' && q != '`' => escaped = true,
            Some(q) if c == q => quote = None,
            Some(_) => {}
            None if matches!(c, '"' | '\'' | '`') => quote = Some(c),
            None if c == '}' => return i + 1 == inside.len(),
            None if matches!(c, '{' | '(' | ')' | '[' | ']') => return false,
            None => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_one_selector_or_none() {
        assert_eq!(of("up"), Some("up"));
        assert_eq!(of(" sum( users{region=\"a)}b\"} ) "), Some("users{region=\"a)}b\"}"));
        assert_eq!(of("max(sum(x))"), Some("x"));
        for none in [
            "a + b",
            "rate(x[5m])",
            "sum(a) / sum(b)",
            "sum by (z) (x)",
            "x offset 5m",
            "vector(0)",
            "1",
            "",
            "x{",
            "a{} or b{}",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
