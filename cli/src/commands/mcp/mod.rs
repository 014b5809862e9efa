//! `tasker mcp`: serves the Model Context Protocol on standard input and output, over the API of a server and on the project.

mod local;
mod project;
mod schemas;
mod templates;
mod workbench;

use std::sync::Arc;

use anyhow::Result;
use async_trait::async_trait;
use tasker_mcp::{Api, ApiRequest, ApiResponse, ApiUnreachable, Server, Settings, serve_stdio};

use self::workbench::Bench;
use super::{ending::Ending, stop::stop_signal};
use crate::{client::Client, config::ProjectConfig};

/// What the trail names as the program.
const PROGRAM: &str = "tasker-mcp";

/// The API of a server.
struct Remote(Client);

#[async_trait]
impl Api for Remote {
    async fn call(&self, request: ApiRequest) -> Result<ApiResponse, ApiUnreachable> {
        let ApiRequest { method, path, body, content_type, idempotency_key } = request;
        let body = body.map(|body| (content_type.unwrap_or("application/json"), body));
        let sent = self.0.raw(method, &path, body, idempotency_key);
        let (status, body) = sent.await.map_err(|error| ApiUnreachable(format!("{error:#}")))?;
        Ok(ApiResponse { status, body })
    }
}

pub(crate) async fn run(project: &ProjectConfig, write: bool) -> Result<Ending> {
    let stop = stop_signal()?;
    let client = Client::of_program(PROGRAM, &project.config.server.url(), project.credentials())?;
    let settings = Settings::new(write || project.config.mcp.write);
    let server =
        Server::new(Arc::new(Remote(client)), &settings).with_workbench(Arc::new(Bench(project.clone())));
    serve_stdio(server, stop).await?;
    Ok(Ending::Done)
}
