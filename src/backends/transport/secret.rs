//! Secrets by reference, resolved when they are needed. Never printed: the wrapper has neither `Debug` nor `Display`.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::locked;
use crate::config::SecretRef;

/// Bytes that a secret may have.
const CAP: u64 = 64 << 10;
/// How long a command may take to tell one.
const COMMAND_TIME: Duration = Duration::from_secs(10);

/// A secret's text. Shared, never copied into another type but a header.
#[derive(Clone)]
pub struct Secret(Arc<str>);

impl Secret {
    fn new(text: &str) -> Secret {
        Secret(Arc::from(text))
    }

    /// The secret itself, for the handshake that needs it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

/// What commands told, by source, until the backend refuses it. Variables and files are read each time: they rotate.
#[derive(Default)]
pub struct Vault {
    told: Mutex<HashMap<String, Secret>>,
}

impl Vault {
    /// The secret of `source`. The error is a sentence that names the place and never the content.
    pub async fn get(&self, source: &str, reference: &SecretRef) -> Result<Secret, String> {
        let known = match reference {
            SecretRef::Command(_) => locked(&self.told).get(source).cloned(),
            SecretRef::Env(_) | SecretRef::File(_) => None,
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let secret = resolve(reference).await?;
        if matches!(reference, SecretRef::Command(_)) {
            locked(&self.told).insert(source.to_owned(), secret.clone());
        }
        Ok(secret)
    }

    /// Forgets `refused`, unless another request has already fetched the next one.
    pub fn forget(&self, source: &str, refused: &Secret) {
        let mut told = locked(&self.told);
        if told.get(source).is_some_and(|known| Arc::ptr_eq(&known.0, &refused.0)) {
            told.remove(source);
        }
    }
}

/// Reads a secret now.
pub async fn resolve(reference: &SecretRef) -> Result<Secret, String> {
    let (text, place) = match reference {
        SecretRef::Env(name) => {
            let text = std::env::var(name).map_err(|e| match e {
                std::env::VarError::NotPresent => format!("variable {name} is not set"),
                std::env::VarError::NotUnicode(_) => format!("variable {name} is not text"),
            })?;
            (text, format!("variable {name}"))
        }
        SecretRef::File(path) => {
            let place = format!("file {}", path.display());
            let file =
                tokio::fs::File::open(path).await.map_err(|e| format!("{place} cannot be read: {}", e.kind()))?;
            (capped(file, &place).await?, place)
        }
        SecretRef::Command(words) => (tell(words).await?, "the token's command".to_owned()),
    };
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("{place} is empty"));
    }
    Ok(Secret::new(text))
}

async fn capped(from: impl tokio::io::AsyncRead + Unpin, place: &str) -> Result<String, String> {
    let mut bytes = Vec::new();
    from.take(CAP + 1).read_to_end(&mut bytes).await.map_err(|e| format!("{place} cannot be read: {}", e.kind()))?;
    if bytes.len() as u64 > CAP {
        return Err(format!("{place} holds more than {} KiB", CAP >> 10));
    }
    String::from_utf8(bytes).map_err(|_| format!("{place} is not text"))
}

/// What a program prints. No shell, no terminal, its errors unread.
async fn tell(words: &[String]) -> Result<String, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("the token's command is empty".to_owned());
    };
    let place = format!("command {program}");
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|e| format!("{place} cannot be run: {}", e.kind()))?;
    let Some(output) = child.stdout.take() else { return Err(format!("{place} has no output")) };
    let both = async {
        let text = capped(output, &place).await?;
        let status = child.wait().await.map_err(|e| format!("{place} failed: {}", e.kind()))?;
        Ok((text, status))
    };
    let told: Result<(String, std::process::ExitStatus), String> = match tokio::time::timeout(COMMAND_TIME, both).await
    {
        Ok(told) => told,
        Err(_) => Err(format!("{place} did not end within {} s", COMMAND_TIME.as_secs())),
    };
    match told? {
        (text, status) if status.success() => Ok(text),
        (_, status) => Err(match status.code() {
            Some(code) => format!("{place} failed with exit code {code}"),
            None => format!("{place} was ended by a signal"),
        }),
    }
}
