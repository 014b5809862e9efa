"""The synchronous client, made of _async.py by scripts/clients.sh: do not edit."""

import itertools
import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
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
Operation = Callable[..., T | Problem | None]


class Page(Protocol[T]):
    items: list[T]
    next_cursor: None | str | Unset


class Transport(httpx.Client):
    """Repeats requests that may be repeated, and raises every failure as a TaskerError. Streams it only opens."""

    retries = 0

    def send(self, request: httpx.Request, *, stream: bool = False, **others: Any) -> httpx.Response:
        # The server may use `wait_seconds` before it answers.
        if limits := request.extensions.get("timeout"):
            limits["read"] = (limits["read"] or 0) + float(request.url.params.get("wait_seconds", 0)) or None
        for attempt in itertools.count():
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = super().send(request, stream=stream, **others)
                if stream and not outcome.is_success:
                    outcome.read()
            except httpx.TransportError as error:
                outcome = error
            pause = None if stream or attempt >= self.retries else shared.pause(request, outcome, attempt)
            if pause is None:
                break
            time.sleep(pause)
        return shared.checked(request, outcome)


class Tasker:
    """A server. `timeout` is that of each connect, write and read. `raw` is for functions of tasker_client.generated.api."""

    def __init__(self, url: str, *, api_key: str = "", token: str = "", timeout: float = 30, retries: int = 3) -> None:
        credentials = {"X-API-Key": api_key} if api_key else {"Authorization": f"Bearer {token}"} if token else {}
        self.http = Transport(base_url=url, headers=credentials, timeout=timeout)
        self.http.retries = retries
        self.raw = AuthenticatedClient(base_url=url, token="").set_httpx_client(self.http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def call(self, operation: Operation[T], /, *path: Any, **named: Any) -> T:
        """Calls a function of tasker_client.generated.api: `call(get_me.sync)`."""
        return cast(T, operation(*path, client=self.raw, **named))  # A problem was raised.

    def list(self, operation: Operation[Page[T]], /, *path: Any, **filters: Any) -> Iterator[T]:
        """The items of any list, page after page: `list(list_access.sync, principal="ci")`."""
        cursor: None | str | Unset = UNSET
        while cursor is not None:
            page: Page[T] = self.call(operation, *path, cursor=cursor, **filters)
            for item in page.items:
                yield item
            cursor = page.next_cursor or None

    def tasks(self, **filters: Any) -> Iterator[TaskSummary]:
        """The tasks that match, newest first: `tasks(state=["error"], namespace="shop")`."""
        return self.list(list_tasks.sync, **filters)

    def start(self, template: str, input: Any, **options: Unpack[StartOptions]) -> "Task":
        """Creates a task of a template: `shop/order`, or `order` in the namespace `default`."""
        key, on_duplicate = options.pop("idempotency_key", ""), options.pop("on_duplicate", "refuse")
        namespace, _, name = template.rpartition("/")
        body = {"name": name, "context": input, **options, **({"namespace": namespace} if namespace else {})}
        headers = {"Idempotency-Key": key} if key else {}
        created = self.http.post("/v1/tasks", json=body, headers=headers, params={"on_duplicate": on_duplicate})
        return self.task(created.json()["task_id"])

    def task(self, id: str) -> "Task":
        """A task by its id, without a request."""
        return Task(self, id)


class Task:
    def __init__(self, tasker: Tasker, id: str) -> None:
        self.tasker, self.id, self.path = tasker, id, f"/v1/tasks/{quote(id, safe='')}"

    def get(self, wait_seconds: float = 0) -> TaskDetail:
        """The task as it is. With `wait_seconds`, once it is at rest, but after so long at the latest."""
        return self.tasker.call(get_task.sync, self.id, wait_seconds=wait_seconds)

    def wait(self, seconds: float = 300) -> "Outcome":
        """Waits until the task is at rest: ended, or blocked by failures."""
        until = time.monotonic() + seconds
        # A silent stream would end late, so that the last seconds are for requests that wait.
        try:
            with closing(self.follow(until=until - shared.KEEP_ALIVE)) as events:
                for event in events:
                    if event.name == "task" and event.data["to_state"] in shared.AT_REST:
                        break
        except TaskerError as error:
            # Where streams do not get through, or are all taken, requests that wait do the same.
            if error.code in shared.DEFINITE:
                raise
        while True:
            left = max(0.0, until - time.monotonic())
            task = self.get(min(left, 60))
            if task.status in shared.AT_REST:
                return Outcome(self, task)
            if left == 0:
                detail = f"task {self.id} is {task.status} after {seconds} s: wait longer, or look into it"
                raise TaskerError("wait_timed_out", detail)

    def follow(self, *, logs: bool = False, until: float = math.inf) -> Generator[Event, None, None]:
        """The events of the task until it is at rest. When the connection breaks it goes on, with a `snapshot` first."""
        following = shared.Following(f"{self.path}/stream", self.tasker.http.retries, logs)
        while not following.is_at_end and time.monotonic() < until:
            broken: Exception | None = None
            try:
                with self.tasker.http.stream(**following.request()) as response:
                    for chunk in response.iter_bytes():
                        for event in following.receive(chunk):
                            yield event
                        if following.is_at_end or time.monotonic() >= until:
                            return
            except (TaskerError, httpx.TransportError) as error:
                broken = error
            time.sleep(following.pause(broken))

    def result(self, step: str) -> Any:
        """The result of a completed step, whatever its length. Needs the permission `tasks:context_read`."""
        return (self.tasker.http.get(f"{self.path}/workflow_steps/{quote(step, safe='')}/result")).json()


class Outcome:
    """A task at rest. `result(step)` is that of the task: fetched when it is asked for."""

    def __init__(self, handle: Task, task: TaskDetail) -> None:
        self.task, self.is_complete, self.result = task, task.status == "complete", handle.result
