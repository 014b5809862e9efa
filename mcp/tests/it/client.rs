//! A real MCP client, connected in process.

use std::{sync::Arc, time::Duration};

use rmcp::{
    RoleClient, ServiceExt,
    model::{CallToolRequestParams, CallToolResult, Tool},
    service::RunningService,
};
use serde_json::Value;
use tasker_mcp::{Api, Server, Settings, serve};
use tokio_util::sync::CancellationToken;

pub(crate) const SETTINGS: Settings = Settings { write: true, secret: [7; 32] };

/// The longest time that a tool may take here.
const LONGEST_CALL: Duration = Duration::from_secs(60);

pub(crate) struct Client(pub(crate) RunningService<RoleClient, ()>);

/// What a tool answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) value: Value,
    pub(crate) is_error: bool,
    /// The bytes of the whole result.
    pub(crate) bytes: usize,
}

impl Client {
    /// Connects to a server with all tiers.
    pub(crate) async fn of(api: Arc<dyn Api>) -> Self {
        Self::connect(Server::new(api, &SETTINGS)).await
    }

    pub(crate) async fn connect(server: Server) -> Self {
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (reader, writer) = tokio::io::split(theirs);
        tokio::spawn(serve(server, reader, writer, CancellationToken::new()));
        Self(().serve(ours).await.unwrap())
    }

    pub(crate) async fn tools(&self) -> Vec<Tool> {
        self.0.list_all_tools().await.unwrap()
    }

    pub(crate) async fn names(&self) -> Vec<String> {
        self.tools().await.into_iter().map(|tool| tool.name.into_owned()).collect()
    }

    pub(crate) async fn call(&self, name: &str, arguments: Value) -> Answered {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let request = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
        // A server that fails does not respond.
        let called = tokio::time::timeout(LONGEST_CALL, self.0.call_tool(request)).await;
        let result: CallToolResult = called.unwrap_or_else(|_| panic!("{name} does not respond")).unwrap();
        let bytes = serde_json::to_vec(&result).unwrap().len();
        let value = result.structured_content.unwrap();
        // The text says the same.
        let text = result.content[0].as_text().unwrap().text.clone();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
        Answered { value, is_error: result.is_error.unwrap_or(false), bytes }
    }

    /// Calls a tool that must not fail.
    pub(crate) async fn get(&self, name: &str, arguments: Value) -> Value {
        let answered = self.call(name, arguments).await;
        assert!(!answered.is_error, "{name}: {}", answered.value);
        answered.value
    }

    /// Calls a tool that must fail, and returns the code.
    pub(crate) async fn refused(&self, name: &str, arguments: Value) -> String {
        let answered = self.call(name, arguments).await;
        assert!(answered.is_error, "{name}: {}", answered.value);
        answered.value["error"]["code"].as_str().unwrap().to_owned()
    }
}
