"""Buckets."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from tasker_handler import Bucket, Context, PermanentError, handler


@dataclass
class Wanted:
    """Operations on a bucket, in this order. Each is an object with one member, its name."""

    bucket: str
    operations: list[dict[str, Any]]


@handler
def store(ctx: Context, wanted: Wanted) -> list[Any]:
    """Runs the operations of its input, and returns what each returns; null if it returns nothing."""
    bucket = ctx.key_value(wanted.bucket)
    return [run(bucket, *operation) for operations in wanted.operations for operation in operations.items()]


def run(bucket: Bucket, name: str, argument: Any) -> Any:
    if name == "append":
        key, value = argument
        return bucket.update(key, lambda known: [*(known or []), value], list[Any])
    if name == "set_bytes":
        key, numbers = argument
        return bucket.set_bytes(key, bytes(numbers))
    if name == "get_bytes":
        value = bucket.get_bytes(argument)
        return None if value is None else list(value)
    if name == "set_large":
        key, letters = argument
        return bucket.set(key, "x" * letters)
    simple: dict[str, Callable[[], Any]] = {
        "get": lambda: bucket.get(argument),
        "get_many": lambda: bucket.get_many(argument),
        "set": lambda: bucket.set(*argument),
        "set_many": lambda: bucket.set_many(dict(argument)),
        "delete": lambda: bucket.delete(*argument),
        "exists": lambda: bucket.exists(argument),
        "keys": bucket.keys,
        "increment": lambda: bucket.increment(*argument),
        "refuse": lambda: bucket.update(argument, refuse),
    }
    return simple[name]()


def refuse(_known: object) -> NoReturn:
    raise PermanentError("the update is refused", error_type="Refused")
