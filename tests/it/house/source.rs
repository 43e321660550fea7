//! The source as tests of it read it: files, and their code without tests, comments and the insides of strings.

use std::path::{Path, PathBuf};

/// A file of ours: its path from the top of the house, and its text.
pub struct File {
    pub path: String,
    pub text: String,
}

impl File {
    /// The module under `src` that it belongs to; none for `lib.rs` and `main.rs`.
    pub fn module(&self) -> Option<&str> {
        let inside = self.path.strip_prefix("src/")?;
        match inside.split_once('/') {
            Some((module, _)) => Some(module),
            None => inside.strip_suffix(".rs").filter(|m| !["lib", "main"].contains(m)),
        }
    }

    /// The code that ships: without comments, strings and what only tests see.
    pub fn code(&self) -> String {
        without_tests(&stripped(&self.text))
    }
}

/// Every Rust file under a folder of the house.
pub fn files(folder: &str) -> Vec<File> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut out = Vec::new();
    let mut folders: Vec<PathBuf> = vec![top.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let name = path.strip_prefix(top).unwrap().to_str().unwrap().to_owned();
                out.push(File { path: name, text: std::fs::read_to_string(&path).unwrap() });
            }
        }
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!out.is_empty(), "nothing under {folder}");
    out
}

/// The text with comments gone and strings and characters empty; line feeds stay.
pub fn stripped(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |i: usize| chars.get(i).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        match at(i) {
            '/' if at(i + 1) == '/' => {
                while i < chars.len() && at(i) != '\n' {
                    i += 1;
                }
            }
            '/' if at(i + 1) == '*' => {
                let mut depth = 0;
                loop {
                    match (at(i), at(i + 1)) {
                        ('/', '*') => (depth, i) = (depth + 1, i + 2),
                        ('*', '/') => (depth, i) = (depth - 1, i + 2),
                        _ => i += 1,
                    }
                    if depth == 0 || i >= chars.len() {
                        break;
                    }
                }
            }
            'r' if (at(i + 1) == '"' || at(i + 1) == '#') && !is_word(i.checked_sub(1).map_or(' ', at)) => {
                let hashes = (i + 1..).take_while(|n| at(*n) == '#').count();
                if at(i + 1 + hashes) != '"' {
                    out.push('r');
                    i += 1;
                    continue;
                }
                i += hashes + 2;
                while i < chars.len() && !(at(i) == '"' && (1..=hashes).all(|n| at(i + n) == '#')) {
                    i += 1;
                }
                i += hashes + 1;
                out.push_str("\"\"");
            }
            '"' => {
                i += 1;
                while i < chars.len() && at(i) != '"' {
                    i += if at(i) == '\\' { 2 } else { 1 };
                }
                i += 1;
                out.push_str("\"\"");
            }
            // A character, not a lifetime.
            '\'' if at(i + 1) == '\\' => {
                i += 3;
                while i < chars.len() && at(i) != '\'' {
                    i += 1;
                }
                i += 1;
                out.push_str("' '");
            }
            '\'' if at(i + 2) == '\'' => {
                i += 3;
                out.push_str("' '");
            }
            c => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Code without the items that follow `#[cfg(test)]`.
pub fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(start) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..start]);
        let item = &rest[start..];
        let brace = item.find('{').unwrap_or(item.len());
        let end = match item.find(';') {
            Some(semicolon) if semicolon < brace => semicolon + 1,
            _ => {
                let mut depth = 0;
                let closing = item.char_indices().skip_while(|(i, _)| *i < brace).find(|(_, c)| {
                    depth += match c {
                        '{' => 1,
                        '}' => -1,
                        _ => 0,
                    };
                    depth == 0
                });
                closing.map_or(item.len(), |(i, _)| i + 1)
            }
        };
        rest = &item[end..];
    }
    out.push_str(rest);
    out
}

/// The modules that code names by `crate::`, also in groups; `safe!` is `text`'s.
pub fn imports(code: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (at, word) in code.match_indices("crate::") {
        if code[..at].chars().next_back().is_some_and(is_word) {
            continue;
        }
        let rest = code[at + word.len()..].trim_start();
        match rest.strip_prefix('{') {
            None => out.push(rest.chars().take_while(|c| is_word(*c)).collect()),
            Some(group) => {
                // The first word of each member, whatever is nested in it.
                let (mut depth, mut word, mut taking) = (0, String::new(), true);
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => {
                            out.push(std::mem::take(&mut word));
                            taking = true;
                        }
                        c if depth == 0 && taking && is_word(c) => word.push(c),
                        c if c.is_whitespace() && word.is_empty() => {}
                        _ => taking = false,
                    }
                }
                out.push(word);
            }
        }
    }
    // A path from the top that goes by `super` is not house style, and would hide an arrow: it must not leave its module.
    out.retain(|module| !module.is_empty());
    out.iter().map(|module| if module == "safe" { "text".to_owned() } else { module.clone() }).collect()
}

#[test]
fn what_is_no_code_is_not_read() {
    let text = r##"
        // crate::journal
        /* crate::journal /* nested */ crate::journal */
        const A: &str = "crate::journal \" crate::journal"; const B: &str = r#"crate::tui""#; const C: char = '"';
        fn f<'a>(x: &'a str) -> crate::text::Safe { crate::safe!("{x}") }
        use crate::{incident::{Instant, words}, config};
        #[cfg(test)]
        mod tests { use crate::room; fn g() { { } } }
        #[cfg(test)]
        use crate::cli;
        use crate::rulebook::Due;
    "##;
    let code = without_tests(&stripped(text));
    assert_eq!(imports(&code), ["text", "text", "incident", "config", "rulebook"]);
}
