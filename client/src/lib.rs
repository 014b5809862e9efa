//! The client of Tasker's REST API: start tasks, wait for them, read results, and everything else that the API does.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use serde::{Deserialize, Serialize};
//! use tasker_client::Client;
//!
//! #[derive(Serialize)]
//! struct Order {
//!     order_id: String,
//! }
//!
//! #[derive(Deserialize)]
//! struct Shipment {
//!     tracking_number: String,
//! }
//!
//! # async fn example() -> tasker_client::Result<()> {
//! let tasker = Client::builder("https://tasker.example").api_key("tsk_…").build()?;
//! let order = Order { order_id: "DE-1001".to_owned() };
//! let task = tasker.start("shop/order", &order).idempotency_key(&order.order_id).tag("web").send().await?;
//! let done = task.wait(Duration::from_secs(300)).await?;
//! let shipped: Shipment = done.result("ship").await?;
//! # Ok(())
//! # }
//! ```
//!
//! **Errors.** Every failure is an [`Error`] with a code that never changes. A refusal is [`Error::Api`] with the server's
//! [`types::Problem`].
//!
//! **Retries.** A request that only reads is repeated after 429, 502, 503, 504 and connection errors, three times, after
//! `Retry-After` or a random pause that grows. So is an unsafe one with an idempotency key: the client makes the key itself
//! where the API takes one, except for creations of tasks ([`Start::idempotency_key`]). Each attempt has a time limit, after
//! which nothing is repeated. Dropping a future ends its request.
//!
//! **Documents.** Inputs, results and event data are read into types of the caller, or are a [`Document`], which keeps the
//! text, so that numbers keep all their digits.
//!
//! **Later servers.** Fields that this version does not know are ignored, names become `Other`.
//!
//! **Profiles.** With the feature `profiles`, `Client::profile("prod")` is a client of a server that `tasker profile add` or
//! `tasker login` has stored.
//!
//! **Without `async`**: `tokio::runtime::Runtime::new()?.block_on(…)` runs what the example above does. **In tests**, run
//! `tasker dev`, which is the real thing; for failures that it cannot be made to have, any library that fakes HTTP servers will do.
//!
//! The client needs a Tokio runtime. TLS is by rustls with ring, whatever provider the process has; it trusts the
//! certificates of the machine, and uses the proxies of the environment, except for this machine. Spans are named `tasker_request`.
#![forbid(unsafe_code)]

mod address;
mod analytics;
mod answer;
mod builder;
mod bulk;
mod call;
mod callables;
mod client;
mod connection;
mod dlq;
mod document;
mod error;
mod events;
mod filters;
mod items;
mod keys;
mod list;
mod moment;
mod open_enum;
mod pause;
#[cfg(feature = "profiles")]
mod profiles;
mod reconnect;
mod redirect;
mod request;
mod server;
#[cfg(feature = "aws")]
mod signer;
mod sse;
mod start;
mod state;
mod step;
mod task;
mod tasks;
mod templates;
mod tls;
mod triggers;
pub mod types;
mod wait;
mod watch;
mod watch_events;
mod watch_list;

pub use analytics::Analytics;
pub use answer::Answer;
pub use builder::ClientBuilder;
pub use client::Client;
pub use document::Document;
pub use error::{Error, Result};
pub use items::Items;
pub use list::{List, Page};
pub use moment::Moment;
#[cfg(feature = "profiles")]
pub use profiles::{Profile, Profiles};
pub use request::Request;
pub use reqwest::Method;
pub use start::Start;
pub use state::{StepState, TaskState};
pub use step::StepHandle;
pub use task::TaskHandle;
pub use wait::TaskOutcome;
pub use watch::TaskEvent;
pub use watch_events::DomainEvent;
pub use watch_list::{Changes, ListEvent};
