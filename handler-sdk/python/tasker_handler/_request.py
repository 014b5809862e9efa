"""An HTTP request."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Request:
    """A request. A body that is not bytes is sent piece by piece."""

    method: str
    url: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | Iterable[bytes] = b""
    # Seconds to wait for the connection, for the response to begin, and for each part of its body.
    timeout: float | None = None
