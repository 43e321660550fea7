//! Whether a room could meet others with this user: the tables are there, may be added to, and not rewritten. Changes nothing.

use tokio_postgres::Client;

use super::connect::Fault;
use super::table::may_with;

/// What works, in words; a fault where rooms would not meet, or could not claim what they send.
pub async fn check(client: &Client) -> Result<String, Fault> {
    let mut rewrites = false;
    let hint = |Fault(why): Fault| Fault(format!("{why}: run `warroom replicate init` as a user who may make tables"));
    for table in ["warroom_entries", "warroom_claims"] {
        let may = may_with(client, table).await.map_err(hint)?;
        if !may.insert {
            return Err(Fault(format!("this user may not add to {table}: make it a member of warroom_append")));
        }
        rewrites |= may.rewrite;
    }
    if !may_with(client, "warroom_presence").await.map_err(hint)?.insert {
        return Err(Fault("this user may not say who is here: make it a member of warroom_append".to_owned()));
    }
    Ok(match rewrites {
        true => {
            "met; this user may REWRITE the tables: let rooms use a member of warroom_append that does not own them"
        }
        false => "met; the user may read and add, and rewrite nothing",
    }
    .to_owned())
}
