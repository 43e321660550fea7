//! Which keys were pressed when, counted as commanders count: every key once, words typed into a field not at all.

use std::sync::{Arc, Mutex, PoisonError};

use crate::incident::Instant;
use crate::tui::key::Key;

/// A handle: the room counts, whoever opened it reads afterwards.
#[derive(Clone, Debug, Default)]
pub struct KeyLog(Arc<Mutex<Vec<Instant>>>);

impl KeyLog {
    /// `in_field`: a text field was open when the key came.
    pub fn press(&self, key: Key, in_field: bool, now: Instant) {
        if counts(key, in_field) {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(now);
        }
    }

    pub fn pressed(&self) -> Vec<Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A printable key in a field is text; Enter, Tab, Esc and the like count everywhere.
pub fn counts(key: Key, in_field: bool) -> bool {
    !(in_field && key.typed().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::key::Code;

    #[test]
    fn words_are_no_keys() {
        let now = Instant::UNIX_EPOCH;
        let log = KeyLog::default();
        log.press(Key::char('n'), false, now);
        for c in "MOP-17 went in".chars() {
            log.press(Key::char(c), true, now);
        }
        log.press(Key::plain(Code::Enter), true, now);
        assert_eq!(log.pressed().len(), 2);
        assert!(counts(Key::ctrl('s'), true) && counts(Key::plain(Code::Tab), true) && counts(Key::char(' '), false));
    }
}
