//! A worksheet on its way out of the room: printed by the host's own program, or mailed once. What it ends with is told.

use std::sync::Arc;
use std::time::Duration;

use super::pollers::Backend;
use super::store::{Ask, Store};
use crate::backends::job::Run;
use crate::backends::transport::program;
use crate::backends::{Client, Outgoing, delivery};
use crate::incident::Instant;
use crate::incident::entry::EntryId;
use crate::report::letter::Letter;
use crate::tui::model::Loud;

/// How long a printer's program may take.
const LONGEST: Duration = Duration::from_secs(30);

/// Prints it. Err: a sentence.
pub async fn printed(words: Vec<String>, text: String) -> Result<String, String> {
    let name = words.first().cloned().unwrap_or_default();
    if program::find(&name).is_none() {
        return Err(format!(
            "not printed: there is no {name} on this host; `print` in the configuration names another"
        ));
    }
    let end = program::run(&Run { words, input: text, variables: Vec::new() }, LONGEST).await;
    match end.fault(&name, LONGEST) {
        None => Ok(format!("given to {name}: whether paper came out is for you to see")),
        Some(why) => Err(format!("not printed: {why}")),
    }
}

pub async fn print(words: Vec<String>, text: String) -> Option<(Loud, String)> {
    Some(match printed(words, text).await {
        Ok(said) => (Loud::Info, said),
        Err(why) => (Loud::Failed, why),
    })
}

/// What the record says of a letter where nobody comes to say how it went.
struct Doubt(Option<(Store, String)>);

impl Drop for Doubt {
    fn drop(&mut self) {
        if let Some((store, said)) = self.0.take() {
            store.ask(Ask::Mailed(said));
        }
    }
}

/// Mails it once; how that went is recorded, also where the room is left before it is known.
pub async fn mail(
    client: Arc<Client>,
    backend: Option<Backend>,
    (letter, outgoing): (Letter, Outgoing),
    key: EntryId,
    store: Store,
    real: fn() -> Instant,
) -> Option<(Loud, String)> {
    let in_doubt = letter.after("the room was left meanwhile: it is not known whether it went");
    let mut doubt = Doubt(Some((store.clone(), in_doubt)));
    let how = match backend {
        None => Err(format!("NOT SENT: no backend named {} is configured here", letter.over)),
        Some(backend) => {
            let Backend { config, adapter } = &backend;
            delivery::post(&client, &**adapter, config, &outgoing, &key.to_string(), real()).await
        }
    };
    let (loud, how) = match how {
        Ok(how) => (Loud::Info, how),
        Err(why) => (Loud::Failed, why),
    };
    let said = letter.after(&how);
    doubt.0 = None;
    store.ask(Ask::Mailed(said.clone()));
    Some((loud, said))
}
