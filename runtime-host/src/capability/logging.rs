//! `wasi:logging/logging`: log lines with a level, captured like standard output. Always granted.

use tasker_protocol::LogLevel;

use crate::bindings::logging::{self, Level};
use crate::execution::state::State;

impl logging::Host for State {
    fn log(&mut self, level: Level, context: String, message: String) -> wasmtime::Result<()> {
        let level = match level {
            Level::Trace => LogLevel::Trace,
            Level::Debug => LogLevel::Debug,
            Level::Info => LogLevel::Info,
            Level::Warn => LogLevel::Warn,
            Level::Error => LogLevel::Error,
            Level::Critical => LogLevel::Critical,
        };
        Ok(self.logs.log(level, &context, &message)?)
    }
}
