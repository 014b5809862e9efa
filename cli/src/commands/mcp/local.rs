//! What a tool that needs no server is.

use std::{future::Future, pin::Pin};

use anyhow::Result;
use serde_json::Value;
use tasker_mcp::{Arguments, Field};

use crate::config::ProjectConfig;

/// What a tool returns later.
pub(super) type Later<'a> = Pin<Box<dyn Future<Output = Result<Value>> + Send + 'a>>;

/// A tool, and what it does.
pub(super) struct Local {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) description: &'static str,
    pub(super) fields: &'static [Field],
    pub(super) is_read_only: bool,
    pub(super) run: for<'a> fn(&'a ProjectConfig, &'a Arguments) -> Later<'a>,
}
