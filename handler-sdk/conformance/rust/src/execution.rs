//! The services of the execution: logs, progress, cancellation, time, randomness.

use std::{
    collections::hash_map::RandomState,
    hash::{BuildHasher, Hasher},
    time::{SystemTime, UNIX_EPOCH},
};

use tasker_handler::{
    prelude::*,
    serde_json::{Value, json},
};

/// Logs a line of each level, and one of two lines.
#[handler]
fn log_levels(_ctx: &Context) -> Result<(), Failure> {
    log::debug!("a detail");
    log::info!("a fact");
    log::warn!("a doubt ⚠");
    log::error!("an error");
    log::info!("first\nsecond");
    Ok(())
}

/// Reports progress.
#[handler]
fn heartbeat(ctx: &Context, input: String) -> Result<(), Failure> {
    ctx.heartbeat(&input);
    Ok(())
}

/// Reports progress, and returns when the step is cancelled.
#[handler]
fn until_cancelled(ctx: &Context) -> Result<String, Failure> {
    ctx.heartbeat("waiting");
    while !ctx.cancelled() {}
    Ok("stopped".to_owned())
}

/// Returns whether the step is cancelled, and the time that is left, in milliseconds.
#[handler]
fn time_left(ctx: &Context) -> Result<Value, Failure> {
    Ok(json!({ "cancelled": ctx.cancelled(), "milliseconds": ctx.remaining_time().as_millis() as u64 }))
}

/// Returns the time, in milliseconds since 1970, and a random number.
#[handler]
fn clock(_ctx: &Context) -> Result<Value, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let random = RandomState::new().build_hasher().finish() >> 11;
    Ok(json!({ "milliseconds": now.as_millis() as u64, "random": random }))
}

/// Computes without end.
#[handler]
#[allow(clippy::empty_loop)]
fn spin(_ctx: &Context) -> Result<(), Failure> {
    loop {}
}
