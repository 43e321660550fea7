//! What is wrong with a file of the user's, and the list of such faults. Never holds a control character or a secret.

use crate::text::Safe;

/// Something wrong with a file of the user's: what, where, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub file: String,
    /// From 1; None where the file as a whole is meant.
    pub line: Option<usize>,
    pub key: Option<String>,
    pub message: String,
}

impl Problem {
    /// A problem of a thing as a whole.
    pub fn of(file: &str, message: &str) -> Problem {
        Problem { file: shown(file), line: None, key: None, message: shown(message) }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ", {key}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Problem {}

/// How many faults of one file are kept: nobody reads more, and a hostile file could hold millions.
const MOST: usize = 50;

/// The faults of one text, gathered while it is read. Knows where the lines begin.
pub struct Faults {
    file: String,
    starts: Vec<usize>,
    list: Vec<Problem>,
}

impl Faults {
    pub fn new(file: &str, text: &str) -> Faults {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Faults { file: shown(file), starts, list: Vec::new() }
    }

    /// Line, from 1, of a byte of the text.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset).max(1)
    }

    /// Column, from 1 and in bytes, of a byte of the text.
    pub fn column(&self, offset: usize) -> usize {
        let start = self.starts.get(self.line(offset) - 1).copied().unwrap_or(0);
        offset.saturating_sub(start) + 1
    }

    pub fn add(&mut self, line: usize, key: &str, message: impl AsRef<str>) {
        let key = if key.is_empty() { None } else { Some(shown(key)) };
        self.push(Problem { file: self.file.clone(), line: Some(line), key, message: shown(message.as_ref()) });
    }

    /// A fault of the file as a whole.
    pub fn whole(&mut self, message: &str) {
        self.push(Problem { file: self.file.clone(), line: None, key: None, message: shown(message) });
    }

    fn push(&mut self, problem: Problem) {
        if self.list.len() < MOST && !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The faults in the order of the lines; `Ok` where there are none.
    pub fn settle<T>(mut self, value: T) -> Result<T, Vec<Problem>> {
        if self.list.is_empty() {
            return Ok(value);
        }
        self.list.sort_by_key(|p| p.line);
        Err(self.list)
    }
}

/// What comes from a file may meet a terminal as part of an error: it passes the gate here, cut to a readable length.
fn shown(raw: &str) -> String {
    let cut: String = raw.chars().take(400).collect();
    Safe::new(&cut).into_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let faults = Faults::new("f", "ab\ncd\n\nx");
        assert_eq!((faults.line(0), faults.column(0)), (1, 1));
        assert_eq!((faults.line(2), faults.column(2)), (1, 3));
        assert_eq!((faults.line(4), faults.column(4)), (2, 2));
        assert_eq!((faults.line(7), faults.column(7)), (4, 1));
        assert_eq!(faults.line(999), 4);
    }

    #[test]
    fn an_escape_in_a_message_is_shown_and_not_obeyed() {
        let mut faults = Faults::new("f", "");
        faults.add(1, "k\u{1b}[2J", "bad \u{1b}[2J");
        let list = faults.settle(()).unwrap_err();
        assert!(!list[0].to_string().contains('\u{1b}'));
    }

    #[test]
    fn a_hostile_file_cannot_make_a_million_faults() {
        let mut faults = Faults::new("f", "");
        for i in 0..1000 {
            faults.add(i, "k", "bad");
        }
        assert_eq!(faults.settle(()).unwrap_err().len(), MOST);
    }
}
