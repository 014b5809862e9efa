"""The host of a component: WASI and Tasker's own interfaces."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from componentize_py_types import Err, Ok
from wit_world.imports import atomics, batch, execution, outgoing_handler, streams, types, wasi_config_store
from wit_world.imports import wasi_keyvalue_store as store

from ._failure import Failure, PermanentError, RetryableError
from ._host import Received, StoreError
from ._request import Request

# The maximum size of one write, and how much of a response is read at once.
WRITE_BYTES, READ_BYTES = 4096, 64 << 10
NANOSECONDS = 1_000_000_000
METHODS: dict[str, Any] = {
    "GET": types.Method_Get,
    "HEAD": types.Method_Head,
    "POST": types.Method_Post,
    "PUT": types.Method_Put,
    "DELETE": types.Method_Delete,
    "PATCH": types.Method_Patch,
    "OPTIONS": types.Method_Options,
}


class WasiHost:
    """The services of the host."""

    def heartbeat(self, progress: str | None) -> None:
        execution.heartbeat(progress)

    def cancelled(self) -> bool:
        return execution.cancelled()

    def remaining_time_ms(self) -> int:
        return execution.remaining_time_ms()

    def secret(self, name: str) -> str | None:
        try:
            return wasi_config_store.get(name)
        except Err as error:
            raise RetryableError(f"secret `{name}`: {error.value.value}", error_type="SecretUnavailable") from None

    def open_bucket(self, name: str) -> "WasiStore":
        try:
            return WasiStore(store.open(name))
        except Err as error:
            if isinstance(error.value, store.Error_AccessDenied):
                message = f"the bucket `{name}` is not granted to this step; see `grants.key_value` in the template"
                raise PermanentError(message, error_type="KeyValueDenied") from None
            raise RetryableError(f"bucket `{name}`: {_said(error.value)}", error_type="KeyValueFailed") from None

    def send(self, request: Request) -> Received:
        outgoing = _prepare(request)
        body = outgoing.body()
        try:
            future = outgoing_handler.handle(outgoing, _options(request))
        except Err as error:
            raise _unreachable(request, error.value) from None
        _write(request, body)
        with future, future.subscribe() as ready:
            ready.block()
            answer = future.get()
        if not isinstance(answer, Ok):
            raise RetryableError(f"{request.url}: no response", error_type="HttpUnreachable")
        if isinstance(answer.value, Err):
            raise _unreachable(request, answer.value.value)
        response = answer.value.value
        with response.headers() as fields:
            headers = [(name.lower(), value.decode(errors="replace")) for name, value in fields.entries()]
        return response.status(), headers, _read(request, response)


def _prepare(request: Request) -> types.OutgoingRequest:
    parts = urlsplit(request.url)
    if "://" not in request.url:
        raise _invalid(request, "it has no scheme")
    headers = list(request.headers)
    if isinstance(request.body, bytes):
        # Without it even an empty body would be chunked, which servers do not expect of a GET.
        headers.append(("content-length", str(len(request.body))))
    fields = types.Fields()
    for name, value in headers:
        try:
            fields.append(name, value.encode())
        except Err as error:
            raise _invalid(request, f"header `{name}`: {_words(error.value)}") from None
    outgoing = types.OutgoingRequest(fields)
    schemes: dict[str, Any] = {"https": types.Scheme_Https(), "http": types.Scheme_Http()}
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    method = METHODS.get(request.method.upper())
    changes: list[tuple[str, Callable[[], None]]] = [
        ("method", lambda: outgoing.set_method(method() if method else types.Method_Other(request.method))),
        ("scheme", lambda: outgoing.set_scheme(schemes.get(parts.scheme) or types.Scheme_Other(parts.scheme))),
        ("host", lambda: outgoing.set_authority(parts.netloc)),
        ("path", lambda: outgoing.set_path_with_query(path)),
    ]
    for what, change in changes:
        try:
            change()
        except Err:
            raise _invalid(request, f"its {what} is not valid") from None
    return outgoing


def _options(request: Request) -> types.RequestOptions | None:
    if request.timeout is None:
        return None
    options, wait = types.RequestOptions(), int(request.timeout * NANOSECONDS)
    try:
        options.set_connect_timeout(wait)
        options.set_first_byte_timeout(wait)
        options.set_between_bytes_timeout(wait)
    except Err:
        raise _invalid(request, f"a timeout of {request.timeout} seconds is not possible") from None
    return options


def _write(request: Request, body: types.OutgoingBody) -> None:
    pieces = [request.body] if isinstance(request.body, bytes) else request.body
    try:
        with body.write() as stream:
            for piece in pieces:
                for start in range(0, len(piece), WRITE_BYTES):
                    stream.blocking_write_and_flush(piece[start : start + WRITE_BYTES])
        types.OutgoingBody.finish(body, None)
    except Err as error:
        if isinstance(error.value, (streams.StreamError_Closed, streams.StreamError_LastOperationFailed)):
            raise RetryableError(f"{request.url}: the connection broke", error_type="HttpUnreachable") from None
        raise _unreachable(request, error.value) from None


def _read(request: Request, response: types.IncomingResponse) -> Iterator[bytes]:
    # Each must be dropped before what it came from.
    with response, response.consume() as body, body.stream() as stream:
        while True:
            try:
                piece = stream.blocking_read(READ_BYTES)
            except Err as error:
                if isinstance(error.value, streams.StreamError_Closed):
                    return
                with error.value.value as cause:
                    message = f"{request.url}: {cause.to_debug_string()}"
                raise RetryableError(message, error_type="HttpUnreachable") from None
            yield piece


def _invalid(request: Request, what: str) -> Failure:
    return PermanentError(f"`{request.url}`: {what}", error_type="InvalidRequest")


def _unreachable(request: Request, code: Any) -> Failure:
    if isinstance(code, types.ErrorCode_HttpRequestDenied):
        message = f"{request.url} is not granted to this step; see `grants.http` in the template"
        return PermanentError(message, error_type="HttpDenied")
    return RetryableError(f"{request.url}: {_words(code)}", error_type="HttpUnreachable")


def _words(variant: Any) -> str:
    """The name of a case, and what it holds: `ConnectionRefused`, `InternalError: reset`."""
    name = type(variant).__name__.rpartition("_")[2]
    value = getattr(variant, "value", None)
    return name if value is None else f"{name}: {value}"


def _said(error: Any) -> str:
    if isinstance(error, store.Error_NoSuchStore):
        return "the host has no key-value store"
    return "access was denied" if isinstance(error, store.Error_AccessDenied) else str(error.value)


def _asking(call: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return call(*arguments)
    except Err as error:
        raise StoreError(_said(error.value)) from None


class WasiStore:
    """An open bucket."""

    def __init__(self, bucket: store.Bucket) -> None:
        self._bucket = bucket

    def get(self, key: str) -> bytes | None:
        value: bytes | None = _asking(self._bucket.get, key)
        return value

    def get_many(self, keys: list[str]) -> list[bytes | None]:
        return [None if pair is None else pair[1] for pair in _asking(batch.get_many, self._bucket, keys)]

    def set(self, key: str, value: bytes) -> None:
        _asking(self._bucket.set, key, value)

    def set_many(self, values: list[tuple[str, bytes]]) -> None:
        _asking(batch.set_many, self._bucket, values)

    def delete(self, keys: list[str]) -> None:
        _asking(batch.delete_many, self._bucket, keys)

    def exists(self, key: str) -> bool:
        return bool(_asking(self._bucket.exists, key))

    def keys(self) -> list[str]:
        keys: list[str] = []
        cursor = None
        while True:
            page = _asking(self._bucket.list_keys, cursor)
            keys.extend(page.keys)
            cursor = page.cursor
            if cursor is None:
                return keys

    def increment(self, key: str, delta: int) -> int:
        return int(_asking(atomics.increment, self._bucket, key, delta))

    def swap(self, key: str, change: Callable[[bytes | None], bytes]) -> None:
        seen = _asking(atomics.Cas.new, self._bucket, key)
        while True:
            new = change(_asking(seen.current))
            try:
                atomics.swap(seen, new)
                return
            except Err as error:
                if isinstance(error.value, atomics.CasError_StoreError):
                    raise StoreError(_said(error.value.value)) from None
                seen = error.value.value
