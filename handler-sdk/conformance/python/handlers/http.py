"""Requests."""

from dataclasses import dataclass, field
from typing import Any

from tasker_handler import Context, handler


@dataclass
class Wanted:
    """A request, and what to return of the response."""

    method: str
    url: str
    # `json`, `text` or `size`.
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    json: Any = None
    # Whether an error status is a failure.
    check: bool = False
    # The header to return.
    header: str | None = None


@handler
def request(ctx: Context, wanted: Wanted) -> dict[str, Any]:
    """Sends the request of its input."""
    if wanted.json is None:
        response = ctx.http.request(wanted.method, wanted.url, headers=wanted.headers)
    else:
        response = ctx.http.request(wanted.method, wanted.url, headers=wanted.headers, json=wanted.json)
    if wanted.check:
        response.raise_for_status()
    body = {"json": response.json, "text": lambda: response.text}.get(wanted.body, lambda: len(response.content))()
    header = None if wanted.header is None else response.headers.get(wanted.header)
    return {"status": response.status_code, "header": header, "body": body}
