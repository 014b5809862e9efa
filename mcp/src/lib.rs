//! Tasker's server for the Model Context Protocol (MCP): tools over its REST API.
//!
//! Each tool is a thin mapping onto routes of the API: the server has no query, rule or permission of its own. It reaches
//! the API through [`Api`], with the credentials of its caller, and shows only tools whose permission the caller has.
//!
//! Beside them, a [`Workbench`] has tools that need no server: they work on texts and on the files of a project.
//!
//! Tools that change something ask first: without `confirm` they answer with a preview and a token, and act when called
//! again with that token. It is valid for five minutes, for the same tool, arguments and caller, and as long as the target
//! has not changed. One process accepts it once. Across processes that share [`Settings::secret`], what protects is the
//! expiry, the fingerprint of the target, and that every such request carries the token's digest as `Idempotency-Key`.
//!
//! An answer, with its structured form and its text together, has at most 40,000 bytes. Text that comes from outside
//! (inputs, results, logs, error messages, reasons, tags) stands only under the key `untrusted`.
#![forbid(unsafe_code)]

mod answer;
mod api;
mod arguments;
mod call;
mod cause;
mod confirm;
mod endpoint;
mod explain;
mod failure;
mod list;
mod mermaid;
mod path;
mod prompts;
mod resources;
mod server;
mod stdio;
mod tool;
mod tools;
mod untrusted;
mod workbench;

pub use api::{Api, ApiRequest, ApiResponse, ApiUnreachable};
pub use arguments::{Arguments, Field, Kind, optional, required};
pub use endpoint::{HttpService, http_service};
pub use failure::Failure;
pub use server::{Server, Settings};
pub use stdio::{ServeError, serve, serve_stdio};
pub use workbench::{LocalTool, Workbench};
