//! How the hour is acted out: an inject is read aloud, keys are pressed and counted, something is seen.

use chrono::TimeDelta;
use warroom::incident::Instant;
use warroom::incident::clock::Clock;
use warroom::journal::{Access, Journal};

use crate::support::pty::{Home, Pty, Start};

/// A commander at a terminal of some size.
pub struct Hour<'a> {
    pub home: &'a Home,
    pub pty: Pty,
    size: (u16, u16),
    /// Keys beyond the budget that a very small terminal is given.
    more: usize,
    person: &'static str,
    /// Minutes by which the room's clock runs ahead of the wall's.
    ahead: i64,
    /// Every step that was acted, with its keys and its budget.
    pub counts: Vec<(String, usize, usize)>,
}

/// What one step presses. Keys count, what is typed into a field does not.
pub struct Keys<'a> {
    pty: &'a Pty,
    pressed: usize,
}

impl Keys<'_> {
    /// One key.
    pub fn press(&mut self, key: &str) -> &mut Self {
        self.pressed += 1;
        self.pty.keys(match key {
            "enter" => "\r",
            "tab" => "\t",
            "esc" => "\u{1b}",
            "space" => " ",
            "pagedown" => "\u{1b}[6~",
            one => one,
        });
        self
    }

    /// Text in a field: free, like the blank after a choice that begins the next one.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.pty.keys(text);
        self
    }

    pub fn see(&mut self, text: &str) -> &mut Self {
        self.pty.see(text);
        self
    }

    /// A row with all of these.
    pub fn see_row(&mut self, all: &[&str]) -> &mut Self {
        let rows = |screen: &vt100::Screen| crate::support::pty::rows(screen);
        self.pty.wait(&format!("{all:?}"), |screen| {
            rows(screen).iter().any(|row| all.iter().all(|text| row.contains(text)))
        });
        self
    }

    /// Waits until nothing is on its way to the disk.
    pub fn settled(&mut self) -> &mut Self {
        self.pty.wait("the disk", |screen| !screen.contents().contains("saving"));
        self
    }

    /// Turns the pages of a brief until something is seen: reading is not counted.
    pub fn read_until(&mut self, text: &str) -> &mut Self {
        self.pages(" ", text)
    }

    /// Scrolls until something is seen: reading is not counted.
    pub fn read_until_down(&mut self, text: &str) -> &mut Self {
        self.pages("j", text)
    }

    /// Reads everything that is chosen in the review.
    pub fn read_all(&mut self) -> &mut Self {
        self.pages("\u{1b}[6~", "ALL READ")
    }

    fn pages(&mut self, key: &str, end: &str) -> &mut Self {
        for _ in 0..200 {
            if self.pty.look(|screen| screen.contents().contains(end)) {
                return self;
            }
            let before = self.pty.text();
            self.pty.keys(key);
            self.pty.wait("another page", |screen| screen.contents() != before);
        }
        panic!("never read to {end}\n{}", self.pty.text());
    }
}

impl<'a> Hour<'a> {
    /// Opens the room as a person.
    pub fn open(home: &'a Home, size: (u16, u16), person: &'static str) -> Hour<'a> {
        let pty = Start::new(home, &["--as", person]).size(size.0, size.1).start();
        pty.see("SEV1");
        let more = if size.0 < 80 { 2 } else { 0 };
        Hour { home, pty, size, more, person, ahead: 0, counts: Vec::new() }
    }

    /// Another commander, at a terminal that is open already.
    pub fn beside(home: &'a Home, pty: Pty, size: (u16, u16), person: &'static str) -> Hour<'a> {
        let more = if size.0 < 80 { 2 } else { 0 };
        Hour { home, pty, size, more, person, ahead: 0, counts: Vec::new() }
    }

    /// A step: what is said, and what is pressed for it within so many keys.
    #[track_caller]
    pub fn step(&mut self, inject: &str, budget: usize, act: impl FnOnce(&mut Keys<'_>)) {
        let mut keys = Keys { pty: &self.pty, pressed: 0 };
        act(&mut keys);
        let pressed = keys.pressed;
        self.counts.push((inject.to_owned(), pressed, budget + self.more));
        assert!(pressed <= budget + self.more, "{inject}: {pressed} keys of {budget} at {:?}", self.size);
        // What was told at the foot, or lies open, is not taken into the next step.
        self.pty.wait("the disk", |screen| !screen.contents().contains("saving"));
    }

    /// Minutes pass in the room.
    pub fn minutes(&mut self, minutes: i64) {
        self.ahead += minutes;
        let real: Instant = std::time::SystemTime::now().into();
        let clock = Clock { real, room: real + TimeDelta::minutes(self.ahead), speed: 1.0 };
        Journal::open(&self.home.journal(), Access::ReadWrite).unwrap().set_clock(&clock).unwrap();
        // A minute may turn meanwhile.
        let shown = [0, 1].map(|n| (real + TimeDelta::minutes(self.ahead + n)).format("%H:%M").to_string());
        self.pty.wait("the room's clock", |screen| {
            let head = crate::support::pty::rows(screen).into_iter().next().unwrap_or_default();
            shown.iter().any(|time| head.contains(time))
        });
    }

    /// Esc, and what lay open is gone: a key that follows at once would be another key.
    pub fn leave(&mut self, open: &str) {
        self.pty.keys("\u{1b}");
        self.pty.gone(open);
    }

    /// The link drops and comes back.
    pub fn reattach(&mut self) {
        self.pty.close_master();
        self.pty.exit();
        self.pty = Start::new(self.home, &["--as", self.person]).size(self.size.0, self.size.1).start();
        self.pty.see("SEV1");
    }

    /// What the journal says now, for a script.
    pub fn state(&self) -> serde_json::Value {
        serde_json::from_str(&self.home.must(&["state", "--json"])).unwrap()
    }
}
