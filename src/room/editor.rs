//! A text in the person's own editor, which has the terminal meanwhile: a private file, the program, the words read back.

use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

/// An editor at work on a text.
pub struct Editing {
    child: Child,
    /// Only its owner may look into it.
    folder: PathBuf,
    file: PathBuf,
    program: String,
    before: String,
}

/// The largest text that is read back, in bytes: more is no message.
const LARGEST: u64 = 64 << 10;

impl Editing {
    /// Starts the editor, as a shell reads its name, on a file of its own that holds the text.
    pub fn start(program: &str, text: &str) -> Result<Editing, String> {
        let folder = std::env::temp_dir().join(format!("warroom-{}", uuid::Uuid::new_v4()));
        let file = folder.join("text.txt");
        let written = std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .and_then(|()| std::fs::write(&file, format!("{text}\n")));
        if let Err(error) = written {
            let _ = std::fs::remove_dir_all(&folder);
            return Err(format!("{}: {error}", folder.display()));
        }
        // `EDITOR="code -w"`: the shell takes it apart, and the file's name stays one word.
        let child = Command::new("sh")
            .args(["-c", &format!("{program} \"$1\""), "sh"])
            .arg(&file)
            .stdin(Stdio::inherit())
            .stdout(Stdio::inherit())
            .stderr(Stdio::inherit())
            .spawn();
        match child {
            Ok(child) => Ok(Editing { child, folder, file, program: program.to_owned(), before: text.to_owned() }),
            Err(error) => {
                let _ = std::fs::remove_dir_all(&folder);
                Err(format!("{program} cannot be run: {error}"))
            }
        }
    }

    /// The words once the editor has ended. The file goes with it, unless its words cannot be read.
    pub async fn end(&mut self) -> Result<String, String> {
        let status = self.child.wait().await.map_err(|error| format!("{}: {error}", self.program))?;
        self.read(Some(status))
    }

    /// The words as they were last saved; the editor is asked to end.
    pub async fn break_off(&mut self) -> Result<String, String> {
        if let Some(pid) = self.child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        }
        let _ = tokio::time::timeout(Duration::from_millis(300), self.child.wait()).await;
        self.read(None)
    }

    fn read(&self, status: Option<ExitStatus>) -> Result<String, String> {
        if status.is_some_and(|status| !status.success()) {
            let said = format!("{} ended with a failure: the text is as it was", self.program);
            // Words that were saved are somebody's work.
            if saved(&self.file).is_ok_and(|words| words != self.before.trim_end()) {
                return Err(format!("{said}; what was saved is in {}", self.file.display()));
            }
            let _ = std::fs::remove_dir_all(&self.folder);
            return Err(said);
        }
        let words = saved(&self.file).map_err(|why| format!("{}: {why}", self.file.display()))?;
        let _ = std::fs::remove_dir_all(&self.folder);
        Ok(words)
    }
}

fn saved(file: &Path) -> Result<String, String> {
    let size = std::fs::metadata(file).map_err(|error| error.to_string())?.len();
    if size > LARGEST {
        return Err("too long for a message: over 64 KiB".to_owned());
    }
    let bytes = std::fs::read(file).map_err(|error| error.to_string())?;
    let text = String::from_utf8(bytes).map_err(|_| "not UTF-8: save it as UTF-8".to_owned())?;
    Ok(text.trim_end().to_owned())
}
