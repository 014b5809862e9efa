//! Handlers that read the context of their step.

use tasker_handler::{
    prelude::*,
    serde_json::{Value, json},
};

/// Returns the facts about the step.
#[handler]
fn facts(ctx: &Context) -> Result<Value, Failure> {
    Ok(json!({
        "task_id": ctx.task_id(),
        "namespace": ctx.namespace(),
        "task_name": ctx.task_name(),
        "task_version": ctx.task_version(),
        "step_name": ctx.step_name(),
        "attempt": ctx.attempt(),
        "max_attempts": ctx.max_attempts(),
        "is_last_attempt": ctx.is_last_attempt(),
        "correlation_id": ctx.correlation_id(),
        "trace_parent": ctx.trace_parent(),
        "idempotency_key": ctx.idempotency_key(),
    }))
}

/// A step to read.
#[derive(Deserialize, JsonSchema)]
struct Dependency {
    step: String,
}

/// Returns the result of a dependency, and the names of all.
#[handler]
fn dependency(ctx: &Context, input: Dependency) -> Result<Value, Failure> {
    let result: Value = ctx.dependency(&input.step)?;
    Ok(json!({ "result": result, "names": ctx.dependency_names().collect::<Vec<_>>() }))
}

/// A dependency with a price.
#[derive(Deserialize)]
struct Priced {
    total_cents: u32,
}

/// Returns the price in the result of the dependency `price`.
#[handler]
fn dependency_typed(ctx: &Context) -> Result<u32, Failure> {
    Ok(ctx.dependency::<Priced>("price")?.total_cents)
}

/// A key to read.
#[derive(Deserialize, JsonSchema)]
struct Key {
    key: String,
}

/// Returns the whole configuration.
#[handler]
fn configuration(ctx: &Context) -> Result<Value, Failure> {
    ctx.configuration()
}

/// Returns one key of the configuration, which must be a text.
#[handler]
fn config(ctx: &Context, input: Key) -> Result<String, Failure> {
    ctx.config(&input.key)
}

/// Returns a secret.
#[handler]
fn secret(ctx: &Context, input: Key) -> Result<String, Failure> {
    ctx.secret(&input.key)
}

/// Returns an attribute; null if the host does not provide it.
#[handler]
fn attribute(ctx: &Context, input: Key) -> Result<Option<Value>, Failure> {
    ctx.attribute(&input.key)
}

/// Returns the batch of a worker; null in other steps.
#[handler]
fn batch_facts(ctx: &Context) -> Result<Option<Value>, Failure> {
    Ok(ctx.batch().map(|batch| {
        json!({
            "batch_step": batch.metadata.batch_step,
            "worker_number": batch.metadata.worker_number,
            "total_workers": batch.metadata.total_workers,
            "is_no_op": batch.is_no_op,
        })
    }))
}
