//! Lends the terminal to another program: meanwhile nobody reads its keys here and nothing is drawn.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use rustix::pipe::{PipeFlags, pipe_with};

use super::terminal;

static LENT: Mutex<Lent> = Mutex::new(Lent { lent: false, aside: false });
static MOVED: Condvar = Condvar::new();
/// Wakes the reader of keys out of its wait: read end, write end.
static WAKE: OnceLock<(OwnedFd, OwnedFd)> = OnceLock::new();

struct Lent {
    lent: bool,
    /// The reader of keys stands aside.
    aside: bool,
}

fn lent() -> MutexGuard<'static, Lent> {
    LENT.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What the reader of keys waits for besides them. None: this system has no pipe to spare.
pub fn woken() -> Option<&'static OwnedFd> {
    wake().map(|(read, _)| read)
}

fn wake() -> Option<&'static (OwnedFd, OwnedFd)> {
    match WAKE.get() {
        Some(wake) => Some(wake),
        None => {
            let ends = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).ok()?;
            Some(WAKE.get_or_init(|| ends))
        }
    }
}

/// The reader of keys stands aside as long as the terminal is lent.
pub fn stand_aside() {
    if let Some((read, _)) = WAKE.get() {
        let mut bytes = [0u8; 16];
        while matches!(rustix::io::read(read, &mut bytes), Ok(n) if n > 0) {}
    }
    let mut state = lent();
    while state.lent {
        state.aside = true;
        MOVED.notify_all();
        state = MOVED.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
    }
    state.aside = false;
}

/// Puts the terminal back and leaves it to another program, once the reader of keys stands aside.
pub fn lend() -> io::Result<()> {
    let (_, write) = wake().ok_or_else(|| io::Error::other("no pipe to be had"))?;
    lent().lent = true;
    rustix::io::write(write, b"!")?;
    let (state, late) = MOVED
        .wait_timeout_while(lent(), Duration::from_secs(1), |state| !state.aside)
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    drop(state);
    if late.timed_out() {
        lent().lent = false;
        MOVED.notify_all();
        return Err(io::Error::other("the terminal is still being read"));
    }
    terminal::restore();
    Ok(())
}

/// The terminal is ours again.
pub fn take_back() -> io::Result<()> {
    lent().lent = false;
    MOVED.notify_all();
    terminal::enter()
}
