//! `tasker session`: who is logged in at a server, and ending such logins.

use anyhow::Result;
use tasker_api::Page;
use tasker_client::types::Session;
use uuid::Uuid;

use super::{
    ending::Ending,
    paging::{Paging, more},
};
use crate::{
    client::{Client, query},
    config::ProjectConfig,
    output::{Output, table},
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// List the sessions of those who have logged in, newest first.
    List(Paging),
    /// End a session.
    Revoke {
        /// The session.
        session_id: Uuid,
    },
}

pub(crate) async fn run(project: &ProjectConfig, command: Command, output: &Output) -> Result<Ending> {
    let client = Client::of(project)?;
    match command {
        Command::List(paging) => {
            let query = query([("limit", Some(paging.limit())), ("cursor", paging.cursor())]);
            let found: Page<Session> = client.get(&format!("/v1/sessions?{query}")).await?;
            output.result(&found, || rows(&found.items) + &more(&found))?;
        }
        Command::Revoke { session_id } => {
            let ended: Session = client.delete(&format!("/v1/sessions/{session_id}")).await?;
            output.result(&ended, || format!("the session of {} has ended", ended.principal.name))?;
        }
    }
    Ok(Ending::Done)
}

fn rows(sessions: &[Session]) -> String {
    let time = |time: chrono::DateTime<chrono::Utc>| time.format("%Y-%m-%d %H:%M:%S").to_string();
    let row = |session: &Session| {
        vec![
            session.session_id.to_string(),
            session.principal.name.clone(),
            time(session.created_at),
            time(session.last_used_at),
            session.address.clone().unwrap_or_default(),
            session.user_agent.clone().unwrap_or_default(),
        ]
    };
    let head = ["SESSION", "WHO", "SINCE (UTC)", "LAST USED (UTC)", "FROM", "PROGRAM"];
    table(&head, &sessions.iter().map(row).collect::<Vec<_>>())
}
