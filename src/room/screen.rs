//! Frames to the terminal, never ahead of it: no frame is written before the last has left, so a slow link shows the present.

use std::collections::VecDeque;
use std::time::{Duration, Instant as Tick};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;

use crate::incident::Instant;
use crate::text::Safe;
use crate::tui::keymap::Keymap;
use crate::tui::model::Model;
use crate::tui::paint::Painter;
use crate::tui::scene::Scene;
use crate::tui::terminal::{self, Input, Output};
use crate::tui::theme::Theme;
use crate::tui::view::{Drawn, Look, view};

/// Bytes that may be on their way unseen before a frame has to wait: a key's answer needs no round trip.
const WINDOW: usize = 1500;
/// Bytes after which the terminal is asked whether it has shown them.
const WORTH_ASKING: usize = 300;
/// A terminal that has not answered by then does not answer at all, and is asked no more.
const SILENT: Duration = Duration::from_secs(60);
/// An answer may be lost: after so long nobody waits for it.
const LOST: Duration = Duration::from_secs(15);

pub struct Screen {
    theme: Theme,
    keymap: Keymap,
    ascii: bool,
    painter: Painter,
    output: Output,
    done: mpsc::UnboundedReceiver<bool>,
    /// Frames whose showing the terminal has not told yet: bytes and when.
    unseen: VecDeque<(usize, Tick)>,
    answers: bool,
    first: Option<Tick>,
    drawn: Drawn,
    /// Bytes written since the terminal was last asked.
    unasked: usize,
    /// A picture waits for its turn.
    waiting: bool,
    in_tmux: bool,
    /// The title that the terminal has.
    titled: Option<Safe>,
}

impl Screen {
    pub fn start(theme: Theme, keymap: Keymap, ascii: bool) -> std::io::Result<Screen> {
        let (tell, done) = mpsc::unbounded_channel();
        let output = Output::start(move |taken| {
            // It fails only when the room is gone.
            let _ = tell.send(taken);
        })?;
        Ok(Screen {
            theme,
            keymap,
            ascii,
            painter: Painter::default(),
            output,
            done,
            unseen: VecDeque::new(),
            answers: false,
            first: None,
            drawn: Drawn::default(),
            unasked: 0,
            waiting: false,
            in_tmux: std::env::var_os("TMUX").is_some(),
            titled: None,
        })
    }

    /// Draws the scene, if the terminal is ready for a frame; else it is drawn when it is. Whether it was.
    pub fn draw(&mut self, model: &Model, scene: &Scene<'_>) -> bool {
        if self.busy() {
            self.waiting = true;
            return false;
        }
        self.waiting = false;
        let (width, height) = model.terminal;
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
        let look = Look { theme: &self.theme, keymap: &self.keymap, ascii: self.ascii };
        self.drawn = view(model, scene, &look, &mut buffer);
        let mut frame = self.painter.paint(&buffer, self.drawn.cursor);
        if frame.is_empty() {
            return true;
        }
        let silent = !self.answers && self.first.is_some_and(|first| first.elapsed() > SILENT);
        self.unasked += frame.len();
        // A second that passes is a few bytes: many of them are asked about together.
        if !silent && self.unasked > WORTH_ASKING {
            frame.extend_from_slice(terminal::ASK);
            self.unseen.push_back((self.unasked, Tick::now()));
            self.unasked = 0;
        }
        self.first.get_or_insert_with(Tick::now);
        self.output.send(frame);
        true
    }

    fn busy(&self) -> bool {
        if self.output.busy() {
            return true;
        }
        // Only a terminal that answers is waited for.
        let lost = self.unseen.front().is_some_and(|(_, since)| since.elapsed() > LOST);
        let bytes: usize = self.unseen.iter().map(|(bytes, _)| bytes).sum();
        self.answers && !lost && bytes > WINDOW
    }

    /// The terminal told that a frame is on the screen.
    pub fn answered(&mut self) {
        self.answers = true;
        self.unseen.pop_front();
    }

    /// Resolves when a frame was taken, or when a waiting picture may be tried again. False: the terminal is gone.
    pub async fn ready(&mut self) -> bool {
        let again = self.waiting;
        tokio::select! {
            taken = self.done.recv() => taken.unwrap_or(false),
            // Only while a picture waits for an answer that may never come.
            () = tokio::time::sleep(Duration::from_millis(250)), if again => {
                if self.unseen.front().is_some_and(|(_, since)| since.elapsed() > LOST) {
                    self.unseen.clear();
                }
                true
            }
        }
    }

    /// The room's instant at which the picture next changes by itself.
    pub fn wake(&self) -> Option<Instant> {
        self.drawn.wake
    }

    /// The terminal shows something else: all is drawn anew. What it was asked before, somebody else may have heard.
    pub fn forget(&mut self) {
        self.unseen.clear();
        self.painter.forget();
        self.titled = None;
    }

    /// Sets the terminal's title, where it is another.
    pub fn title(&mut self, text: Safe) {
        let text = if self.ascii { Safe::new(&text.as_str().replace('…', "~")) } else { text };
        if self.titled.as_ref() != Some(&text) {
            let bytes = terminal::title(&text);
            self.titled = Some(text);
            if !bytes.is_empty() {
                self.output.send(bytes);
            }
        }
    }

    pub fn bell(&mut self) {
        self.output.send(terminal::BELL.to_vec());
    }

    pub fn copy(&mut self, text: &str) {
        self.output.send(terminal::clipboard(text, self.in_tmux));
    }

    /// Waits a moment for the terminal's last answers, which would else be typed into the shell.
    pub async fn finish(&mut self, input: &mut mpsc::UnboundedReceiver<Input>) {
        if !self.answers {
            return;
        }
        let all = async {
            while !self.unseen.is_empty() {
                match input.recv().await {
                    Some(Input::Answered) => self.answered(),
                    Some(Input::Closed) | None => return,
                    Some(Input::Key(_) | Input::Paste(_)) => {}
                }
            }
        };
        let _ = tokio::time::timeout(Duration::from_millis(300), all).await;
    }

    pub fn buffer(&self, model: &Model) -> Buffer {
        Buffer::empty(Rect::new(0, 0, model.terminal.0, model.terminal.1))
    }

    pub fn look(&self) -> Look<'_> {
        Look { theme: &self.theme, keymap: &self.keymap, ascii: self.ascii }
    }

    /// Shows a picture that is not a scene's: the lobby's.
    pub fn show(&mut self, buffer: &Buffer, cursor: Option<(u16, u16)>) {
        let frame = self.painter.paint(buffer, cursor);
        if !frame.is_empty() {
            self.first.get_or_insert_with(Tick::now);
            self.output.send(frame);
        }
    }
}
