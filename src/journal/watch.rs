//! Word that somebody wrote to the journal's files, without asking often. Never reads them: `Journal::changed` tells whose
//! write it was.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant as Monotonic};

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::error::{JournalError, file};
use super::open::{cache_path, local_path};
use super::place::{self, beside, parent};

/// One burst of writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    pub journal: bool,
    pub local: bool,
    pub cache: bool,
}

impl Notice {
    fn and(self, other: Notice) -> Notice {
        Notice {
            journal: self.journal || other.journal,
            local: self.local || other.local,
            cache: self.cache || other.cache,
        }
    }

    fn any(self) -> bool {
        self.journal || self.local || self.cache
    }
}

/// Writes this close together are one notice.
const QUIET: Duration = Duration::from_millis(25);
/// But no notice waits longer than this.
const LATEST: Duration = Duration::from_millis(100);
/// How often to look where the system cannot tell us.
const LOOK: Duration = Duration::from_secs(1);
/// How often to look all the same where it can: it may have forgotten. Rare, since a still room wakes for nothing.
const DOUBT: Duration = Duration::from_secs(60);

/// A write is told before its commit can be read, the disk lying between: after a burst there are a few more notices, each
/// three times as late as the one before.
const AFTER: Duration = Duration::from_millis(300);
const LAST: Duration = Duration::from_secs(2);

/// Ends when dropped; a notice under way may still come.
pub struct Watch {
    stop: Sender<Signal>,
    // Held: dropping it ends the system's notices.
    _watcher: Option<RecommendedWatcher>,
    told: bool,
}

enum Signal {
    Touched(Vec<PathBuf>),
    /// Events were lost, or the directory itself moved: look at everything.
    Unsure,
    Stop,
}

impl Watch {
    /// Calls `deliver` on a thread of its own, once for each burst of writes to the journal at `path` by anybody.
    pub fn start(path: &Path, deliver: impl FnMut(Notice) + Send + 'static) -> Result<Watch, JournalError> {
        Watch::begin(path, true, deliver)
    }

    /// The same by looking once a second, as it is done where the system gives no notices.
    pub fn start_looking(path: &Path, deliver: impl FnMut(Notice) + Send + 'static) -> Result<Watch, JournalError> {
        Watch::begin(path, false, deliver)
    }

    /// Whether the system tells of writes at once. Otherwise they are seen within a second.
    pub fn is_told(&self) -> bool {
        self.told
    }

    fn begin(path: &Path, told: bool, deliver: impl FnMut(Notice) + Send + 'static) -> Result<Watch, JournalError> {
        let files = Files::of(&place::resolve(path)?);
        let (stop, signals) = channel();
        let watcher = if told { watcher(&files.directory, stop.clone()) } else { None };
        let told = watcher.is_some();
        // Not joined: whoever drops the watch must not wait for a `deliver` in its course.
        std::thread::Builder::new()
            .name("journal-watch".to_owned())
            .spawn(move || run(&files, &signals, if told { DOUBT } else { LOOK }, deliver))
            .map_err(file(path))?;
        Ok(Watch { stop, _watcher: watcher, told })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It fails only where the thread has ended already.
        let _ = self.stop.send(Signal::Stop);
    }
}

fn watcher(directory: &Path, signals: Sender<Signal>) -> Option<RecommendedWatcher> {
    let handler = move |event: notify::Result<notify::Event>| {
        let signal = match event {
            Ok(event) if event.need_rescan() => Signal::Unsure,
            // That somebody opened or read it is no news.
            Ok(event) if matches!(event.kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_))) => {
                return;
            }
            Ok(event) => Signal::Touched(event.paths),
            Err(_) => Signal::Unsure,
        };
        // It fails only after the thread has ended.
        let _ = signals.send(signal);
    };
    let mut watcher = notify::recommended_watcher(handler).ok()?;
    watcher.watch(directory, RecursiveMode::NonRecursive).ok()?;
    Some(watcher)
}

/// The files of a journal, by what they hold.
struct Files {
    directory: PathBuf,
    journal: Vec<PathBuf>,
    local: Vec<PathBuf>,
    cache: Vec<PathBuf>,
}

/// What the files look like: lengths and times.
#[derive(Clone, Default, PartialEq)]
struct Look {
    journal: Vec<Option<(u64, i64, i64)>>,
    local: Vec<Option<(u64, i64, i64)>>,
    cache: Vec<Option<(u64, i64, i64)>>,
}

impl Files {
    fn of(path: &Path) -> Files {
        // The shared memory changes with every reader and says nothing of writes.
        let both = |path: PathBuf| vec![beside(&path, "-wal"), path];
        Files {
            directory: parent(path).to_owned(),
            journal: both(path.to_owned()),
            local: both(local_path(path)),
            cache: both(cache_path(path)),
        }
    }

    fn notice(&self, touched: &BTreeSet<OsString>) -> Notice {
        let hit = |files: &[PathBuf]| files.iter().any(|f| f.file_name().is_some_and(|name| touched.contains(name)));
        Notice { journal: hit(&self.journal), local: hit(&self.local), cache: hit(&self.cache) }
    }

    fn look(&self) -> Look {
        let at = |file: &PathBuf| fs::symlink_metadata(file).ok().map(|m| (m.len(), m.mtime(), m.mtime_nsec()));
        let all = |files: &[PathBuf]| files.iter().map(at).collect();
        Look { journal: all(&self.journal), local: all(&self.local), cache: all(&self.cache) }
    }
}

fn run(files: &Files, signals: &Receiver<Signal>, look: Duration, mut deliver: impl FnMut(Notice)) {
    let mut seen = files.look();
    // What was touched and may not have been readable yet, and when it is looked at once more.
    // So at the beginning too: a write that was under way before anybody looked is told by no event when it can be read.
    let mut again = Some((Notice { journal: true, local: false, cache: false }, AFTER));
    loop {
        let wait = again.map_or(look, |(_, after)| after);
        let first = match signals.recv_timeout(wait) {
            Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            Ok(Signal::Touched(paths)) => paths,
            Ok(Signal::Unsure) => Vec::new(),
            Err(RecvTimeoutError::Timeout) => match again.take() {
                Some((notice, after)) => {
                    deliver(notice);
                    again = (after < LAST).then_some((notice, after * 3));
                    continue;
                }
                None => Vec::new(),
            },
        };
        let mut touched: BTreeSet<OsString> = names(first).collect();
        let begun = Monotonic::now();
        while !touched.is_empty() && begun.elapsed() < LATEST {
            match signals.recv_timeout(QUIET) {
                Ok(Signal::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Ok(Signal::Touched(paths)) => touched.extend(names(paths)),
                Ok(Signal::Unsure) => {}
                Err(RecvTimeoutError::Timeout) => break,
            }
        }
        let mut notice = files.notice(&touched);
        // Also what no event told of.
        let now = files.look();
        notice.journal |= now.journal != seen.journal;
        notice.local |= now.local != seen.local;
        notice.cache |= now.cache != seen.cache;
        seen = now;
        if notice.any() {
            // With what is still in doubt: a cache that is written all the time must not put the journal off.
            let all = again.map_or(notice, |(doubt, _)| notice.and(doubt));
            deliver(all);
            again = Some((all, AFTER));
        }
    }
}

fn names(paths: Vec<PathBuf>) -> impl Iterator<Item = OsString> {
    paths.into_iter().filter_map(|path| path.file_name().map(ToOwned::to_owned))
}
