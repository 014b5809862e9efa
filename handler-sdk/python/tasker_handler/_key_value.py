"""Values that outlive an execution, in buckets that are listed in the template's `grants.key_value`.

    visits = ctx.key_value("visits")
    count = visits.increment("total")
    # The first attempt decides; later attempts find its value.
    ticket = visits.update(ctx.task_id, lambda known: count if known is None else known)

A bucket belongs to the template's namespace and is shared by all steps there that are granted it. A step may run more than once,
so prefer writes that can be repeated: `set` and `update` rather than `increment`, if the exact count matters.

Values are JSON, or bytes in the methods named so. Keys have 1 to 1,024 bytes and values up to 400,000; one call returns up to
4 MiB. In ordinary tests, buckets are kept in memory, per context.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from ._failure import PermanentError, RetryableError
from ._host import Store, StoreError
from ._json import dumps, loads
from ._shape import shape_of

T = TypeVar("T")

# The largest value.
MAX_VALUE_BYTES = 400_000


class Bucket:
    """An open bucket.

    Every method raises a retryable `KeyValueFailed` if the store is unavailable, and a permanent `InvalidValue` for a value that
    does not have the type, is no JSON, or is too large.
    """

    def __init__(self, name: str, store: Store) -> None:
        self._name, self._store = name, store

    @overload
    def get(self, key: str) -> Any: ...
    @overload
    def get(self, key: str, kind: type[T]) -> T | None: ...
    @overload
    def get(self, key: str, kind: object) -> Any: ...
    def get(self, key: str, kind: Any = Any) -> Any:
        """The value of a key. None if it has none."""
        value = self.get_bytes(key)
        return None if value is None else self._read(key, value, kind)

    @overload
    def get_many(self, keys: list[str]) -> list[Any]: ...
    @overload
    def get_many(self, keys: list[str], kind: type[T]) -> list[T | None]: ...
    @overload
    def get_many(self, keys: list[str], kind: object) -> Any: ...
    def get_many(self, keys: list[str], kind: Any = Any) -> Any:
        """The values of several keys, in their order, in one call."""
        with self._failing():
            values = self._store.get_many(keys)
        return [None if value is None else self._read(key, value, kind) for key, value in zip(keys, values, strict=True)]

    def set(self, key: str, value: Any) -> None:
        """Sets the value of a key."""
        self.set_bytes(key, self._written(key, value))

    def set_many(self, values: Mapping[str, Any]) -> None:
        """Sets the values of several keys in one call. On error, some may have been set."""
        written = [(key, self._checked(key, self._written(key, value))) for key, value in values.items()]
        with self._failing():
            self._store.set_many(written)

    def get_bytes(self, key: str) -> bytes | None:
        """The bytes of a key's value."""
        with self._failing():
            return self._store.get(key)

    def set_bytes(self, key: str, value: bytes) -> None:
        """Sets the bytes of a key's value."""
        self._checked(key, value)
        with self._failing():
            self._store.set(key, value)

    def delete(self, *keys: str) -> None:
        """Deletes the values of keys."""
        with self._failing():
            self._store.delete(list(keys))

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        with self._failing():
            return self._store.exists(key)

    def keys(self) -> list[str]:
        """All keys that have a value. Reads the whole bucket, page by page."""
        with self._failing():
            return self._store.keys()

    def increment(self, key: str, delta: int = 1) -> int:
        """Adds to a number atomically and returns the sum. A key without a value counts as 0."""
        if not -(2**63) <= delta < 2**63:
            raise PermanentError(f"`{key}` cannot be incremented by {delta}: it has more than 64 bits", error_type="InvalidValue")
        with self._failing():
            return self._store.increment(key, delta)

    @overload
    def update(self, key: str, change: Callable[[Any], Any]) -> Any: ...
    @overload
    def update(self, key: str, change: Callable[[T | None], T], kind: type[T]) -> T: ...
    @overload
    def update(self, key: str, change: Callable[[Any], Any], kind: object) -> Any: ...
    def update(self, key: str, change: Callable[[Any], Any], kind: Any = Any) -> Any:
        """Replaces the value by `change` of the old value, and returns the new value.

        Calls `change` again if the value was written in between, so no write is lost.
        """
        new: Any = None

        def rewrite(old: bytes | None) -> bytes:
            nonlocal new
            new = change(None if old is None else self._read(key, old, kind))
            return self._checked(key, self._written(key, new))

        with self._failing():
            self._store.swap(key, rewrite)
        return new

    def _read(self, key: str, value: bytes, kind: Any) -> Any:
        try:
            return shape_of(kind).read(loads(value))
        except ValueError as error:
            raise self._invalid(key, str(error)) from None

    def _written(self, key: str, value: Any) -> bytes:
        try:
            return dumps(value).encode()
        except ValueError as error:
            raise self._invalid(key, str(error)) from None

    def _checked(self, key: str, value: bytes) -> bytes:
        """Raises a permanent failure, because no other attempt would succeed."""
        if len(value) <= MAX_VALUE_BYTES:
            return value
        message = (
            f"the value for `{key}` in the bucket `{self._name}` has {len(value)} bytes, more than the limit of {MAX_VALUE_BYTES}"
        )
        raise PermanentError(message, error_type="InvalidValue")

    def _invalid(self, key: str, what: str) -> PermanentError:
        message = f"`{key}` in the bucket `{self._name}` does not have the expected form: {what}"
        return PermanentError(message, error_type="InvalidValue")

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except StoreError as error:
            raise RetryableError(f"bucket `{self._name}`: {error}", error_type="KeyValueFailed") from None
