//! The terminal itself: raw mode and back, keys in, frames out. The only file that touches it; restores it in every case.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, QueueSelector, Termios, isatty, tcflush, tcgetattr, tcgetwinsize, tcsetattr};
use termina::event::{KeyCode, KeyEventKind, Modifiers};

use super::key::{Code, Key};
use super::lend;
use crate::text::Safe;

/// How the terminal was before us; taken by whoever restores it first.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);
static ENTERED: AtomicBool = AtomicBool::new(false);

const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?2004h";
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?25h\x1b[?1049l";

/// Whether we set the terminal's title: it is put by on entering and back on leaving.
static TITLED: AtomicBool = AtomicBool::new(false);
const KEEP_TITLE: &[u8] = b"\x1b[22;2t";
/// Emptied first: a terminal that keeps no titles must not go on telling of an incident.
const FORMER_TITLE: &[u8] = b"\x1b]2;\x1b\\\x1b[23;2t";

/// From the next entering on the title is ours; not where it would be drawn as letters.
pub fn take_title(term: &str) {
    TITLED.store(!term.starts_with("linux") && !term.starts_with("vt"), Ordering::SeqCst);
}

/// The terminal's title (OSC 2), where it is ours.
pub fn title(text: &Safe) -> Vec<u8> {
    if TITLED.load(Ordering::SeqCst) { format!("\x1b]2;{text}\x1b\\").into_bytes() } else { Vec::new() }
}

/// Rings once; tmux marks the window.
pub const BELL: &[u8] = b"\x07";

/// Why the room cannot be drawn here, as a sentence with what to do instead. None: it can.
pub fn unfit(term: &str) -> Option<String> {
    let instead = "`warroom state`, `warroom can` and `warroom export` print instead";
    if !isatty(rustix::stdio::stdin()) || !isatty(rustix::stdio::stdout()) {
        return Some(format!("the room needs a terminal: {instead}"));
    }
    match term {
        "" => Some(format!("TERM is not set, so the room cannot be drawn: {instead}")),
        "dumb" => Some(format!("a terminal of the kind \"dumb\" cannot draw the room: {instead}")),
        _ => None,
    }
}

/// Columns and rows; 80×24 where the terminal does not say.
pub fn size() -> (u16, u16) {
    match tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col, size.ws_row),
        _ => (80, 24),
    }
}

/// Raw mode and the alternate screen. Also after a stop.
pub fn enter() -> io::Result<()> {
    let stdin = rustix::stdio::stdin();
    let now = tcgetattr(stdin)?;
    // Entered again without a restore between, the settings are our own: how it was before stays.
    let before = match BEFORE.lock() {
        Ok(mut slot) => slot.get_or_insert(now).clone(),
        Err(_) => now,
    };
    let mut raw = before;
    raw.make_raw();
    ENTERED.store(true, Ordering::SeqCst);
    tcsetattr(stdin, OptionalActions::Now, &raw)?;
    write_all(ENTER)?;
    if TITLED.load(Ordering::SeqCst) { write_all(KEEP_TITLE) } else { Ok(()) }
}

/// Puts the terminal back as it was. Once; again only after another `enter`. Never panics, and waits but a moment for a
/// terminal that takes no bytes.
pub fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    let before = BEFORE.lock().ok().and_then(|mut slot| slot.take());
    leave();
    if let Some(before) = before {
        // What the terminal answered too late must not arrive in the shell.
        let _ = tcflush(rustix::stdio::stdin(), QueueSelector::IFlush);
        let _ = tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &before);
    }
}

/// Sends what leaves the room's screen. A write may hang, and hold the output: it waits on a thread of its own, and what is
/// stuck before it is thrown away after a while.
fn leave() {
    let (told, left) = mpsc::channel();
    let writer = move || {
        if TITLED.load(Ordering::SeqCst) {
            let _ = write_all(FORMER_TITLE);
        }
        let _ = write_all(LEAVE);
        // Nobody listens any more where it took too long.
        let _ = told.send(());
    };
    if std::thread::Builder::new().name("terminal-leave".into()).spawn(writer).is_err() {
        return;
    }
    let mut wait = Duration::from_millis(500);
    for _ in 0..10 {
        if !matches!(left.recv_timeout(wait), Err(mpsc::RecvTimeoutError::Timeout)) {
            return;
        }
        let _ = tcflush(rustix::stdio::stdout(), QueueSelector::OFlush);
        wait = Duration::from_millis(25);
    }
}

/// A panic's message belongs on the ordinary screen, after the terminal is back.
pub fn restore_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        restore();
        before(info);
    }));
}

fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// What comes from the terminal.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    Key(Key),
    Paste(String),
    /// It answered our question: what was written before it has been shown.
    Answered,
    /// It is gone.
    Closed,
}

/// How long a lone escape byte may wait for the rest of a sequence.
const ESCAPE_WAIT: Duration = Duration::from_millis(60);

/// Reads the terminal on a thread of its own until it is gone; `deliver` says whether to go on.
pub fn read_input(mut deliver: impl FnMut(Input) -> bool + Send + 'static) -> io::Result<()> {
    let reader = move || {
        let mut decoder = Decoder::default();
        let mut bytes = [0u8; 4096];
        loop {
            lend::stand_aside();
            let wait = if decoder.waits { Some(ESCAPE_WAIT) } else { None };
            match readable(wait) {
                Ok(Ready::Aside) => continue,
                Ok(Ready::Keys) => match rustix::io::read(rustix::stdio::stdin(), &mut bytes) {
                    // End of file and errors alike: the terminal went away.
                    Ok(0) => break,
                    Ok(n) => decoder.feed(bytes.get(..n).unwrap_or_default()),
                    Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
                    Err(_) => break,
                },
                Ok(Ready::Nothing) => decoder.flush(),
                Err(_) => break,
            }
            while let Some(input) = decoder.out.pop_front() {
                if !deliver(input) {
                    return;
                }
            }
        }
        deliver(Input::Closed);
    };
    std::thread::Builder::new().name("terminal-input".into()).spawn(reader).map(|_| ())
}

enum Ready {
    Keys,
    /// The terminal is wanted by another.
    Aside,
    Nothing,
}

fn readable(wait: Option<Duration>) -> rustix::io::Result<Ready> {
    let wait = wait.map(|w| Timespec { tv_sec: 0, tv_nsec: i64::from(w.subsec_nanos()) });
    let stdin = rustix::stdio::stdin();
    let mut fds = vec![PollFd::new(&stdin, PollFlags::IN)];
    fds.extend(lend::woken().map(|woken| PollFd::new(woken, PollFlags::IN)));
    match poll(&mut fds, wait.as_ref()) {
        Ok(0) | Err(rustix::io::Errno::INTR) => Ok(Ready::Nothing),
        Ok(_) if fds.get(1).is_some_and(|woken| !woken.revents().is_empty()) => Ok(Ready::Aside),
        Ok(_) => Ok(Ready::Keys),
        Err(error) => Err(error),
    }
}

const PASTE: &[u8] = b"\x1b[200~";
const PASTED: &[u8] = b"\x1b[201~";

/// Bytes to keys and pastes.
#[derive(Default)]
struct Decoder {
    parser: termina::Parser,
    out: VecDeque<Input>,
    waits: bool,
    /// An escape byte was taken for the key, since nothing followed it in time.
    lone_escape: bool,
    /// The beginning of what may be the mark of a paste; the rest has not come.
    held: Vec<u8>,
    /// What is being pasted.
    paste: Option<Vec<u8>>,
}

impl Decoder {
    fn feed(&mut self, bytes: &[u8]) {
        // The rest of a sequence that a slow link tore apart: `[A` must not become two keys.
        let torn = self.lone_escape && bytes.len() >= 2 && matches!(bytes.first(), Some(b'[' | b'O'));
        let mut all = std::mem::take(&mut self.held);
        if torn {
            all.push(0x1b);
        }
        self.lone_escape = false;
        all.extend_from_slice(bytes);
        self.take(&all);
        self.waits = !self.held.is_empty() || (self.paste.is_none() && all.contains(&0x1b));
    }

    fn take(&mut self, mut bytes: &[u8]) {
        loop {
            if let Some(mut paste) = self.paste.take() {
                let from = paste.len();
                paste.extend_from_slice(bytes);
                // A pasted text may hold the mark of its own end: what follows it, up to a further mark, are no keys.
                let search = paste.get(from.saturating_sub(PASTED.len())..).unwrap_or_default();
                let next = find(search, PASTE).unwrap_or(search.len());
                let Some(end) = search.get(..next).and_then(|s| rfind(s, PASTED)) else {
                    self.paste = Some(paste);
                    return;
                };
                let end = from.saturating_sub(PASTED.len()) + end;
                let rest = paste.len().saturating_sub(end + PASTED.len());
                let text = String::from_utf8_lossy(paste.get(..end).unwrap_or_default()).into_owned();
                self.out.push_back(Input::Paste(text));
                bytes = bytes.get(bytes.len().saturating_sub(rest)..).unwrap_or_default();
            }
            match find(bytes, PASTE) {
                Some(start) => {
                    self.keys(bytes.get(..start).unwrap_or_default());
                    self.paste = Some(Vec::new());
                    bytes = bytes.get(start + PASTE.len()..).unwrap_or_default();
                }
                None => {
                    let held = (1..PASTE.len()).rev().find(|n| bytes.ends_with(PASTE.get(..*n).unwrap_or_default()));
                    let (keys, held) = bytes.split_at(bytes.len() - held.unwrap_or(0));
                    self.keys(keys);
                    self.held = held.to_vec();
                    return;
                }
            }
        }
    }

    fn keys(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        // Of two escapes in a row the first is the key: the second begins a sequence, an answer of the terminal perhaps.
        while let Some(twice) = find(rest, b"\x1b\x1b") {
            let (first, more) = rest.split_at(twice + 1);
            self.parser.parse(first, true);
            self.parser.parse(&[], false);
            rest = more;
        }
        self.parser.parse(rest, true);
        // One at the very end is followed by another that is held.
        if rest.ends_with(b"\x1b") {
            self.parser.parse(&[], false);
        }
        self.drain();
    }

    fn flush(&mut self) {
        self.waits = false;
        let before = self.out.len();
        let held = std::mem::take(&mut self.held);
        self.parser.parse(&held, true);
        self.parser.parse(&[], false);
        self.drain();
        self.lone_escape = self.out.len() > before && self.out.back() == Some(&Input::Key(Key::plain(Code::Esc)));
    }

    fn drain(&mut self) {
        while let Some(event) = self.parser.pop() {
            match event {
                termina::Event::Key(key) if key.kind != KeyEventKind::Release => {
                    if let Some(key) = convert(key.code, key.modifiers) {
                        self.out.push_back(Input::Key(key));
                    }
                }
                termina::Event::Csi(termina::escape::csi::Csi::Device(_)) => self.out.push_back(Input::Answered),
                _ => {}
            }
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|w| w == what)
}

fn convert(code: KeyCode, modifiers: Modifiers) -> Option<Key> {
    let ctrl = modifiers.contains(Modifiers::CONTROL);
    let alt = modifiers.contains(Modifiers::ALT);
    let code = match code {
        KeyCode::Char(c) if ctrl => Code::Char(c.to_ascii_lowercase()),
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Escape => Code::Esc,
        KeyCode::Tab if modifiers.contains(Modifiers::SHIFT) => Code::BackTab,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::Function(n) => Code::F(n),
        _ => return None,
    };
    Some(Key { code, ctrl, alt })
}

/// Frames go out on a thread of their own: a slow link never holds up a key.
pub struct Output {
    frames: mpsc::Sender<Vec<u8>>,
    state: Arc<Writing>,
}

/// Frames that the system has not taken yet, and whether somebody waits for them.
#[derive(Default)]
struct Writing {
    frames: AtomicUsize,
    wanted: AtomicBool,
}

/// After a frame the terminal is asked who it is: its answer says that the frame has been shown. Nobody waits for it:
/// a terminal that does not answer is drawn to as soon as the bytes are taken.
pub const ASK: &[u8] = b"\x1b[c";

impl Output {
    /// `done` is told when the system took the frames that [`Output::busy`] found on their way, or that the terminal is gone.
    pub fn start(mut done: impl FnMut(bool) + Send + 'static) -> io::Result<Output> {
        let (frames, queue) = mpsc::channel::<Vec<u8>>();
        let state = Arc::new(Writing::default());
        let writing = Arc::clone(&state);
        std::thread::Builder::new().name("terminal-output".into()).spawn(move || {
            while let Ok(frame) = queue.recv() {
                let mut out = io::stdout().lock();
                // Once the terminal is put back, or on its way there, nothing is drawn on it.
                let drawn = ENTERED.load(Ordering::SeqCst);
                let alive = !drawn || out.write_all(&frame).and_then(|()| out.flush()).is_ok();
                drop(out);
                writing.frames.fetch_sub(1, Ordering::SeqCst);
                if writing.wanted.swap(false, Ordering::SeqCst) || !alive {
                    done(alive);
                }
            }
        })?;
        Ok(Output { frames, state })
    }

    pub fn send(&self, frame: Vec<u8>) {
        self.state.frames.fetch_add(1, Ordering::SeqCst);
        // It fails only when the thread ended, which tells by itself.
        let _ = self.frames.send(frame);
    }

    /// Whether frames are on their way; if so `done` is told when they are taken.
    pub fn busy(&self) -> bool {
        self.state.wanted.store(true, Ordering::SeqCst);
        let busy = self.state.frames.load(Ordering::SeqCst) > 0;
        if !busy {
            self.state.wanted.store(false, Ordering::SeqCst);
        }
        busy
    }
}

/// Puts text on the clipboard of the terminal that we are shown in, wherever that is (OSC 52).
pub fn clipboard(text: &str, in_tmux: bool) -> Vec<u8> {
    use base64::Engine;
    let encoded = base64::engine::general_purpose::STANDARD.encode(text.as_bytes());
    let plain = format!("\x1b]52;c;{encoded}\x07");
    if in_tmux { format!("\x1bPtmux;\x1b{plain}\x1b\\").into_bytes() } else { plain.into_bytes() }
}

/// Stops this process, as the shell's job control expects; returns after `fg`.
pub fn stop() {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(chunks: &[&[u8]]) -> Vec<Input> {
        let mut decoder = Decoder::default();
        for chunk in chunks {
            decoder.feed(chunk);
            if decoder.waits {
                decoder.flush();
            }
        }
        decoder.out.into()
    }

    #[test]
    fn sequences_pastes_and_answers() {
        assert_eq!(keys(&[b"\x1b[A"]), [Input::Key(Key::plain(Code::Up))]);
        assert_eq!(keys(&[b"\x1b[200~a\nb\x1b[201~"]), [Input::Paste("a\nb".into())]);
        assert_eq!(keys(&[b"\x1b[?64;1;2c"]), [Input::Answered]);
        assert_eq!(keys(&[b"\x03"]), [Input::Key(Key::ctrl('c'))]);
        assert_eq!(keys(&["é".as_bytes()]), [Input::Key(Key::char('é'))]);
    }

    #[test]
    fn an_escape_before_an_answer_is_a_key_and_the_answer_no_letters() {
        let esc = Input::Key(Key::plain(Code::Esc));
        assert_eq!(keys(&[b"\x1b\x1b[?62;c"]), [esc.clone(), Input::Answered]);
        let mut torn = Decoder::default();
        for chunk in [&b"\x1b"[..], b"\x1b[", b"?62;c", b"\x1b\x1b[A"] {
            torn.feed(chunk);
        }
        let up = Input::Key(Key::plain(Code::Up));
        assert_eq!(Vec::from(torn.out), [esc.clone(), Input::Answered, esc, up]);
    }

    #[test]
    fn a_paste_ends_at_its_last_mark_wherever_it_is_torn() {
        let bytes = b"a\x1b[200~ls\x1b[201~q\r\x1b[201~b\x1b[200~two\x1b[201~";
        let key = |c| Input::Key(Key::char(c));
        let whole = vec![key('a'), Input::Paste("ls\x1b[201~q\r".into()), key('b'), Input::Paste("two".into())];
        assert_eq!(keys(&[bytes]), whole);
        let plain = b"a\x1b[200~one\x1b[20\xc3\xa9\x1b[201~b";
        for cut in 0..plain.len() {
            let (left, right) = plain.split_at(cut);
            let mut decoder = Decoder::default();
            decoder.feed(left);
            decoder.feed(right);
            decoder.flush();
            assert_eq!(
                Vec::from(decoder.out),
                [key('a'), Input::Paste("one\x1b[20é".into()), key('b')],
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn a_sequence_torn_by_a_slow_link_is_no_two_letters() {
        let got = keys(&[b"\x1b", b"[A"]);
        assert_eq!(got, [Input::Key(Key::plain(Code::Esc)), Input::Key(Key::plain(Code::Up))]);
    }
}
