//! Makes the tables and the two roles. May be run again; changes nothing that is there.

use tokio_postgres::Client;

use super::connect::{Fault, answer};

/// The tables, the index of who writes, and what each role may. The roles are made before. The entries are evidence and are
/// only added to; who sits where is none, and is replaced.
const TABLE: &str = "\
CREATE TABLE IF NOT EXISTS warroom_entries (
    incident uuid NOT NULL,
    writer uuid NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    prev bytea NOT NULL,
    hash bytea NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (incident, writer, seq)
);
CREATE INDEX IF NOT EXISTS warroom_writers ON warroom_entries (incident, writer) WHERE seq = 1;
CREATE TABLE IF NOT EXISTS warroom_claims (
    incident uuid NOT NULL,
    message uuid NOT NULL,
    attempt bigint NOT NULL CHECK (attempt > 0),
    by_whom text NOT NULL,
    host text NOT NULL,
    process text NOT NULL,
    claimed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (incident, message, attempt)
);
REVOKE ALL ON warroom_entries, warroom_claims FROM PUBLIC;
GRANT SELECT, INSERT ON warroom_entries, warroom_claims TO warroom_append;
GRANT SELECT ON warroom_entries, warroom_claims TO warroom_read;
CREATE TABLE IF NOT EXISTS warroom_presence (
    room uuid PRIMARY KEY,
    incident uuid NOT NULL,
    rev bigint NOT NULL,
    person text NOT NULL,
    host text NOT NULL,
    pane text NOT NULL,
    open_ms bigint NOT NULL,
    key_ms bigint NOT NULL,
    life_ms bigint NOT NULL,
    end_ms bigint,
    lost boolean NOT NULL,
    at timestamptz NOT NULL
);
REVOKE ALL ON warroom_presence FROM PUBLIC;
GRANT SELECT, INSERT, UPDATE, DELETE ON warroom_presence TO warroom_append;
GRANT SELECT ON warroom_presence TO warroom_read;
";

const ROLES: [&str; 2] = ["warroom_append", "warroom_read"];

/// All of it, for somebody who runs it by hand.
pub fn sql() -> String {
    let roles: String = ROLES.iter().map(|role| create(role) + ";\n").collect();
    roles + TABLE
}

fn create(role: &str) -> String {
    format!("CREATE ROLE {role} NOLOGIN")
}

/// Makes what is missing.
pub async fn init(client: &Client) -> Result<(), Fault> {
    for role in ROLES {
        let known = answer(client.query_typed(
            "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = $1",
            &[(&role, tokio_postgres::types::Type::TEXT)],
        ))
        .await?;
        if known.is_empty() {
            answer(client.batch_execute(&create(role))).await?;
        }
    }
    answer(client.batch_execute(TABLE)).await
}
