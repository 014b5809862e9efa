"""Handlers that read the context of their step."""

from dataclasses import dataclass
from typing import Annotated, Any

from tasker_handler import Context, Field, handler


@handler
def facts(ctx: Context) -> dict[str, Any]:
    """Returns the facts about the step."""
    return {
        "task_id": ctx.task_id,
        "namespace": ctx.namespace,
        "task_name": ctx.task_name,
        "task_version": ctx.task_version,
        "step_name": ctx.step_name,
        "attempt": ctx.attempt,
        "max_attempts": ctx.max_attempts,
        "is_last_attempt": ctx.is_last_attempt,
        "correlation_id": ctx.correlation_id,
        "trace_parent": ctx.trace_parent,
        "idempotency_key": ctx.idempotency_key,
    }


@dataclass
class Dependency:
    """A step to read."""

    step: str


@handler
def dependency(ctx: Context, wanted: Dependency) -> dict[str, Any]:
    """Returns the result of a dependency, and the names of all."""
    return {"result": ctx.dependency(wanted.step), "names": ctx.dependency_names}


@dataclass
class Priced:
    """A dependency with a price."""

    total_cents: Annotated[int, Field(ge=0)]


@handler
def dependency_typed(ctx: Context) -> int:
    """Returns the price in the result of the dependency `price`."""
    return ctx.dependency("price", Priced).total_cents


@dataclass
class Key:
    """A key to read."""

    key: str


@handler
def configuration(ctx: Context) -> Any:
    """Returns the whole configuration."""
    return ctx.configuration()


@handler
def config(ctx: Context, wanted: Key) -> str:
    """Returns one key of the configuration, which must be a text."""
    return ctx.config(wanted.key, str)


@handler
def secret(ctx: Context, wanted: Key) -> str:
    """Returns a secret."""
    return ctx.secret(wanted.key)


@handler
def attribute(ctx: Context, wanted: Key) -> Any:
    """Returns an attribute; null if the host does not provide it."""
    return ctx.attribute(wanted.key)


@handler
def batch_facts(ctx: Context) -> dict[str, Any] | None:
    """Returns the batch of a worker; null in other steps."""
    if ctx.batch is None:
        return None
    metadata = ctx.batch.metadata
    return {
        "batch_step": metadata.batch_step,
        "worker_number": metadata.worker_number,
        "total_workers": metadata.total_workers,
        "is_no_op": ctx.batch.is_no_op,
    }
