"""HTTP requests from a handler, to the destinations in the template's `grants.http`.

    response = ctx.http.post("https://payments.example.com/charges", json={"amount": amount})
    charge = response.raise_for_status().json()

`Response.raise_for_status` decides which responses are errors and which errors are retryable:

| status | failure |
|---|---|
| 1xx to 3xx | none; the host follows no redirects |
| 408 Request Timeout, 409 Conflict, 425 Too Early, 429 Too Many Requests | retryable |
| 500 Internal Server Error, 502 Bad Gateway, 503 Service Unavailable, 504 Gateway Timeout | retryable |
| any other from 400 on (400, 401, 403, 404, 410, 422, 501, 505 and so on) | permanent |

A retryable failure waits as long as the response's `Retry-After` header states, in seconds or as a date. A date in the past is
ignored, and the template's backoff applies.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import mktime_tz, parsedate_tz
from typing import Any, TypedDict, TypeVar, Unpack, overload
from urllib.parse import urlencode

from ._failure import PermanentError, RetryableError
from ._host import Host
from ._json import dumps, loads
from ._request import Request
from ._shape import shape_of

T = TypeVar("T")
RETRYABLE = {408, 409, 425, 429, 500, 502, 503, 504}
# How much of the body of an error goes into the failure's details.
SHOWN_CHARACTERS = 1000


class Response:
    """A response. Its body is read when it is used; within `Http.stream`, piece by piece."""

    def __init__(
        self,
        status: int,
        body: bytes | Iterable[bytes] = b"",
        headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
        url: str = "",
    ) -> None:
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        # Names are in lower case. Values of one name are joined, as HTTP defines.
        self.headers: dict[str, str] = {}
        for name, value in pairs:
            known = self.headers.get(name.lower())
            self.headers[name.lower()] = value if known is None else f"{known}, {value}"
        self.status_code, self.url = status, url
        self._content: bytes | None = body if isinstance(body, bytes) else None
        self._pieces = iter(()) if isinstance(body, bytes) else iter(body)

    def read(self) -> bytes:
        """Reads the whole body."""
        if self._content is None:
            self._content = b"".join(self._pieces)
        return self._content

    @property
    def content(self) -> bytes:
        """The whole body."""
        return self.read()

    @property
    def text(self) -> str:
        """The body as UTF-8. Other bytes become replacement characters."""
        return self.content.decode(errors="replace")

    def iter_bytes(self) -> Iterator[bytes]:
        """The body, piece by piece as it arrives."""
        if self._content is not None:
            yield self._content
        yield from self._pieces

    def close(self) -> None:
        """Stops reading the body."""
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()

    @overload
    def json(self) -> Any: ...
    @overload
    def json(self, kind: type[T]) -> T: ...
    @overload
    def json(self, kind: object) -> Any: ...
    def json(self, kind: Any = Any) -> Any:
        """The body as JSON of a type. Raises a retryable `HttpInvalidBody`."""
        try:
            return shape_of(kind).read(loads(self.content))
        except ValueError as error:
            message = f"the response of {self.url} does not have the expected form: {error}"
            raise RetryableError(message, error_type="HttpInvalidBody") from None

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code < 300

    def raise_for_status(self) -> "Response":
        """Returns the response unless its status is an error; the table of this module states which are.

        Raises a failure named `Http` and the status, with the beginning of the body as details.
        """
        if self.status_code < 400:
            return self
        name, message = f"Http{self.status_code}", f"{self.url} returned {self.status_code}"
        details = {"body": self.text[:SHOWN_CHARACTERS]}
        if self.status_code in RETRYABLE:
            wait = _retry_after(self.headers.get("retry-after", ""))
            raise RetryableError(message, error_type=name, retry_after=wait, details=details)
        raise PermanentError(message, error_type=name, details=details)


class Options(TypedDict, total=False):
    """The options of a request: see `Http`."""

    params: Mapping[str, Any] | None
    headers: Mapping[str, str] | None
    json: Any
    content: bytes | str | Iterable[bytes]
    timeout: float | None


class Http:
    """Sends requests. An error status is no error here: see `Response.raise_for_status`.

    Every method raises a retryable `HttpUnreachable` if there was no response, and a permanent `HttpDenied` if the template does
    not grant the destination. `params` are added to the URL. `json` or `content` is the body. `timeout` is in seconds: for the
    connection, for the response to begin, and for each part of its body.
    """

    def __init__(self, host: Host) -> None:
        self._host = host

    def get(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a `GET` request."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a `HEAD` request."""
        return self.request("HEAD", url, **options)

    def post(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a `POST` request."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a `PUT` request."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a `PATCH` request."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a `DELETE` request."""
        return self.request("DELETE", url, **options)

    def request(self, method: str, url: str, **options: Unpack[Options]) -> Response:
        """Sends a request with any method, and reads the whole response."""
        response = self._send(_request(method, url, **options))
        # Read now, while a failure belongs to the request.
        response.read()
        return response

    @contextmanager
    def stream(self, method: str, url: str, **options: Unpack[Options]) -> Iterator[Response]:
        """Sends a request, and leaves the body to `Response.iter_bytes`, so that it need not fit into memory."""
        response = self._send(_request(method, url, **options))
        try:
            yield response
        finally:
            response.close()

    def _send(self, request: Request) -> Response:
        status, headers, body = self._host.send(request)
        return Response(status, body, headers, request.url)


def _request(
    method: str,
    url: str,
    *,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Any = ...,
    content: bytes | str | Iterable[bytes] = b"",
    timeout: float | None = None,
) -> Request:
    if params:
        url += ("&" if "?" in url else "?") + urlencode(params, doseq=True)
    pairs = list((headers or {}).items())
    if json is not ...:
        try:
            content = dumps(json)
        except ValueError as error:
            message = f"the request's body cannot be serialized: {error}"
            raise PermanentError(message, error_type="InvalidRequest") from None
        pairs.append(("content-type", "application/json"))
    return Request(method, url, pairs, content.encode() if isinstance(content, str) else content, timeout)


def _retry_after(value: str) -> float | None:
    """The wait in a `Retry-After` header: seconds, or a date in the future."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return int(value)
    date = parsedate_tz(value)
    wait = mktime_tz(date) - time.time() if date else 0
    return wait if wait > 0 else None
