//! Reading a file that a person configured. Refuses what others could have written; never blocks on what is not a file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, Mode, OFlags, Stat};

use super::document::LARGEST;
use super::problem::Problem;

/// The text of a regular file of at most 1 MiB that only its owner may write, the owner being us or root.
pub fn read(path: &Path) -> Result<String, Problem> {
    let name = path.display().to_string();
    let bytes = open(path).map_err(|message| Problem::of(&name, &message))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes().iter().take(at).filter(|b| **b == b'\n').count() + 1;
        Problem { line: Some(line), ..Problem::of(&name, "not UTF-8 text") }
    })
}

fn open(path: &Path) -> Result<Vec<u8>, String> {
    // Without NONBLOCK a FIFO would hold us until somebody writes to it.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| format!("cannot be opened: {}", plain(e)))?;
    let stat = rustix::fs::fstat(&fd).map_err(|e| format!("cannot be looked at: {}", plain(e)))?;
    regular(&stat)?;
    let me = rustix::process::geteuid().as_raw();
    trusted(path, &stat, me)?;
    for folder in folders(path) {
        let stat = rustix::fs::stat(&folder).map_err(|e| format!("its directory cannot be looked at: {}", plain(e)))?;
        sheltered(&folder, &stat)?;
    }
    let mut bytes = Vec::new();
    let mut limited = File::from(fd).take(LARGEST as u64 + 1);
    limited.read_to_end(&mut bytes).map_err(|e| format!("cannot be read: {e}"))?;
    if bytes.len() > LARGEST { Err(TOO_LARGE.to_owned()) } else { Ok(bytes) }
}

const TOO_LARGE: &str = "larger than 1 MiB; expected a file that a person wrote";

fn regular(stat: &Stat) -> Result<(), String> {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some("a directory"),
        FileType::Fifo => Some("a pipe"),
        FileType::Socket => Some("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
        FileType::Symlink => Some("a link"),
        FileType::Unknown => Some("of an unknown kind"),
    };
    match kind {
        Some(kind) => Err(format!("is {kind}; expected a regular file")),
        None if stat.st_size > LARGEST as i64 => Err(TOO_LARGE.to_owned()),
        None => Ok(()),
    }
}

fn trusted(path: &Path, stat: &Stat, me: u32) -> Result<(), String> {
    if stat.st_uid != me && stat.st_uid != 0 {
        return Err(format!(
            "belongs to user {}, who could change what runs here; expected your own or root's",
            stat.st_uid
        ));
    }
    if stat.st_mode & 0o022 != 0 {
        let mode = stat.st_mode & 0o777;
        return Err(format!("others may write it (mode {mode:04o}); run: chmod go-w {}", quoted(path)));
    }
    Ok(())
}

/// The directory of the name as given, and that of the file where the name is a link.
fn folders(path: &Path) -> Vec<PathBuf> {
    let parent = |p: &Path| match p.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) | None => PathBuf::from("."),
    };
    let mut list = vec![parent(path)];
    if let Ok(real) = path.canonicalize() {
        let real = parent(&real);
        if !list.contains(&real) {
            list.push(real);
        }
    }
    list
}

fn sheltered(folder: &Path, stat: &Stat) -> Result<(), String> {
    let (others, sticky) = (stat.st_mode & 0o002 != 0, stat.st_mode & 0o1000 != 0);
    if others && !sticky {
        let mode = stat.st_mode & 0o7777;
        let folder = quoted(folder);
        return Err(format!("anybody may replace files in its directory (mode {mode:04o}); run: chmod o-w {folder}"));
    }
    Ok(())
}

/// Fit to be pasted into a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

fn plain(error: rustix::io::Errno) -> String {
    std::io::Error::from(error).to_string()
}

/// The values of the environment that say where the configuration is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    /// `--config FILE`
    pub option: Option<PathBuf>,
    /// `$WARROOM_CONFIG`
    pub variable: Option<PathBuf>,
    /// `$XDG_CONFIG_HOME`
    pub xdg_config_home: Option<PathBuf>,
    /// `$HOME`
    pub home: Option<PathBuf>,
}

/// Which file to read. The first two must exist since a person named them; of the others the first that exists is read.
#[derive(Clone, Debug, PartialEq)]
pub enum Place {
    Named(PathBuf),
    FirstOf(Vec<PathBuf>),
}

/// `--config`, `$WARROOM_CONFIG`, `$XDG_CONFIG_HOME/warroom/config.toml` (or `~/.config/…`), `/etc/warroom/config.toml`.
pub fn place(places: &Places) -> Place {
    let filled = |path: &Option<PathBuf>| path.clone().filter(|p| !p.as_os_str().is_empty());
    if let Some(path) = filled(&places.option).or_else(|| filled(&places.variable)) {
        return Place::Named(path);
    }
    // The XDG rules: a relative path there is to be ignored.
    let xdg = filled(&places.xdg_config_home).filter(|p| p.is_absolute());
    let base = xdg.or_else(|| filled(&places.home).map(|home| home.join(".config")));
    let own = base.map(|base| base.join("warroom/config.toml"));
    Place::FirstOf(own.into_iter().chain([PathBuf::from("/etc/warroom/config.toml")]).collect())
}

/// The path and text of the configuration; None where nobody named one and none of the usual places has one.
pub fn load(place: &Place) -> Result<Option<(PathBuf, String)>, Problem> {
    let path = match place {
        Place::Named(path) => Some(path),
        Place::FirstOf(list) => list.iter().find(|path| stands(path)),
    };
    path.map(|path| read(path).map(|text| (path.clone(), text))).transpose()
}

/// Whether anything stands there, be it a link that leads nowhere: passing over it in silence would read another file.
fn stands(path: &Path) -> bool {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    match std::fs::symlink_metadata(path) {
        Ok(_) => true,
        Err(error) => !matches!(error.kind(), NotFound | NotADirectory),
    }
}
