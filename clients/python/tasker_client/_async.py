"""The asynchronous client. scripts/clients.sh makes the other one, _sync.py, of it."""

import asyncio
import itertools
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine
from contextlib import aclosing
from typing import Any, Protocol, Self, TypeVar, Unpack, cast
from urllib.parse import quote

import httpx

from . import _shared as shared
from ._shared import Event, StartOptions, TaskerError
from .generated import AuthenticatedClient
from .generated.api.tasks import get_task, list_tasks
from .generated.models import Problem, TaskDetail, TaskSummary
from .generated.types import UNSET, Unset

T = TypeVar("T")
Operation = Callable[..., Coroutine[Any, Any, T | Problem | None]]


class Page(Protocol[T]):
    items: list[T]
    next_cursor: None | str | Unset


class AsyncTransport(httpx.AsyncClient):
    """Repeats requests that may be repeated, and raises every failure as a TaskerError. Streams it only opens."""

    retries = 0

    async def send(self, request: httpx.Request, *, stream: bool = False, **others: Any) -> httpx.Response:
        # The server may use `wait_seconds` before it answers.
        if limits := request.extensions.get("timeout"):
            limits["read"] = (limits["read"] or 0) + float(request.url.params.get("wait_seconds", 0)) or None
        for attempt in itertools.count():
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = await super().send(request, stream=stream, **others)
                if stream and not outcome.is_success:
                    await outcome.aread()
            except httpx.TransportError as error:
                outcome = error
            pause = None if stream or attempt >= self.retries else shared.pause(request, outcome, attempt)
            if pause is None:
                break
            await asyncio.sleep(pause)
        return shared.checked(request, outcome)


class AsyncTasker:
    """A server. `timeout` is that of each connect, write and read. `raw` is for functions of tasker_client.generated.api."""

    def __init__(self, url: str, *, api_key: str = "", token: str = "", timeout: float = 30, retries: int = 3) -> None:
        credentials = {"X-API-Key": api_key} if api_key else {"Authorization": f"Bearer {token}"} if token else {}
        self.http = AsyncTransport(base_url=url, headers=credentials, timeout=timeout)
        self.http.retries = retries
        self.raw = AuthenticatedClient(base_url=url, token="").set_async_httpx_client(self.http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def call(self, operation: Operation[T], /, *path: Any, **named: Any) -> T:
        """Calls a function of tasker_client.generated.api: `call(get_me.asyncio)`."""
        return cast(T, await operation(*path, client=self.raw, **named))  # A problem was raised.

    async def list(self, operation: Operation[Page[T]], /, *path: Any, **filters: Any) -> AsyncIterator[T]:
        """The items of any list, page after page: `list(list_access.asyncio, principal="ci")`."""
        cursor: None | str | Unset = UNSET
        while cursor is not None:
            page: Page[T] = await self.call(operation, *path, cursor=cursor, **filters)
            for item in page.items:
                yield item
            cursor = page.next_cursor or None

    def tasks(self, **filters: Any) -> AsyncIterator[TaskSummary]:
        """The tasks that match, newest first: `tasks(state=["error"], namespace="shop")`."""
        return self.list(list_tasks.asyncio, **filters)

    async def start(self, template: str, input: Any, **options: Unpack[StartOptions]) -> "AsyncTask":
        """Creates a task of a template: `shop/order`, or `order` in the namespace `default`."""
        key, on_duplicate = options.pop("idempotency_key", ""), options.pop("on_duplicate", "refuse")
        namespace, _, name = template.rpartition("/")
        body = {"name": name, "context": input, **options, **({"namespace": namespace} if namespace else {})}
        headers = {"Idempotency-Key": key} if key else {}
        created = await self.http.post("/v1/tasks", json=body, headers=headers, params={"on_duplicate": on_duplicate})
        return self.task(created.json()["task_id"])

    def task(self, id: str) -> "AsyncTask":
        """A task by its id, without a request."""
        return AsyncTask(self, id)


class AsyncTask:
    def __init__(self, tasker: AsyncTasker, id: str) -> None:
        self.tasker, self.id, self.path = tasker, id, f"/v1/tasks/{quote(id, safe='')}"

    async def get(self, wait_seconds: float = 0) -> TaskDetail:
        """The task as it is. With `wait_seconds`, once it is at rest, but after so long at the latest."""
        return await self.tasker.call(get_task.asyncio, self.id, wait_seconds=wait_seconds)

    async def wait(self, seconds: float = 300) -> "AsyncOutcome":
        """Waits until the task is at rest: ended, or blocked by failures."""
        until = time.monotonic() + seconds
        # A silent stream would end late, so that the last seconds are for requests that wait.
        try:
            async with aclosing(self.follow(until=until - shared.KEEP_ALIVE)) as events:
                async for event in events:
                    if event.name == "task" and event.data["to_state"] in shared.AT_REST:
                        break
        except TaskerError as error:
            # Where streams do not get through, or are all taken, requests that wait do the same.
            if error.code in shared.DEFINITE:
                raise
        while True:
            left = max(0.0, until - time.monotonic())
            task = await self.get(min(left, 60))
            if task.status in shared.AT_REST:
                return AsyncOutcome(self, task)
            if left == 0:
                detail = f"task {self.id} is {task.status} after {seconds} s: wait longer, or look into it"
                raise TaskerError("wait_timed_out", detail)

    async def follow(self, *, logs: bool = False, until: float = math.inf) -> AsyncGenerator[Event, None]:
        """The events of the task until it is at rest. When the connection breaks it goes on, with a `snapshot` first."""
        following = shared.Following(f"{self.path}/stream", self.tasker.http.retries, logs)
        while not following.is_at_end and time.monotonic() < until:
            broken: Exception | None = None
            try:
                async with self.tasker.http.stream(**following.request()) as response:
                    async for chunk in response.aiter_bytes():
                        for event in following.receive(chunk):
                            yield event
                        if following.is_at_end or time.monotonic() >= until:
                            return
            except (TaskerError, httpx.TransportError) as error:
                broken = error
            await asyncio.sleep(following.pause(broken))

    async def result(self, step: str) -> Any:
        """The result of a completed step, whatever its length. Needs the permission `tasks:context_read`."""
        return (await self.tasker.http.get(f"{self.path}/workflow_steps/{quote(step, safe='')}/result")).json()


class AsyncOutcome:
    """A task at rest. `result(step)` is that of the task: fetched when it is asked for."""

    def __init__(self, handle: AsyncTask, task: TaskDetail) -> None:
        self.task, self.is_complete, self.result = task, task.status == "complete", handle.result
