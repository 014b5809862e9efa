"""The clients against a server that scripts/test-clients.sh starts, with the template shop/order, whose last step takes `hold_ms`."""

import asyncio
import http.client
import json
import os
import pathlib
import socket
import socketserver
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

from tasker_client import AsyncTasker, Tasker, TaskerError
from tasker_client.generated.api.keys import get_me, list_access
from tasker_client.generated.api.steps import list_steps
from tasker_client.generated.api.tasks import list_task_audit, operate_on_task
from tasker_client.generated.models import TaskOperation

URL, KEY = os.environ["TASKER_URL"], os.environ["TASKER_API_KEY"]
PLACE = urllib.parse.urlsplit(URL)
ORDER = {"order_id": "DE-1002", "n": 1}
RUN = f"python-{time.time_ns()}"
FOLDER = pathlib.Path(__file__).parent.parent

Handle = Callable[[int, BaseHTTPRequestHandler], bool]


@contextmanager
def proxy(handle: Handle = lambda count, request: False) -> Iterator[tuple[str, list[str]]]:
    """An HTTP server that handles each request with its number, or passes it on to Tasker."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            requests.append(f"{self.command} {self.path}")
            self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if not handle(len(requests), self):
                status, headers, body = forward(self)
                reply(self, status, body, headers)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            pass

    with serve(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}", requests


@contextmanager
def serve(server: socketserver.TCPServer) -> Iterator[int]:
    server.daemon_threads = True  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.socket.close()


def forward(request: BaseHTTPRequestHandler) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(PLACE.hostname or "", PLACE.port)
    headers = {**dict(request.headers.items()), "Host": PLACE.netloc, "Connection": "close"}
    connection.request(request.command, request.path, request.body, headers)  # type: ignore[attr-defined]
    response = connection.getresponse()
    return response.status, {"Content-Type": response.headers.get("content-type", "")}, response.read()


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str]) -> None:
    request.send_response(status)
    for name, value in (headers | {"Content-Length": str(len(body))}).items():
        request.send_header(name, value)
    request.end_headers()
    request.wfile.write(body)


def unavailable(request: BaseHTTPRequestHandler, pause: str = "0") -> bool:
    problem = {"type": "urn:tasker:error:unavailable", "title": "", "status": 503, "detail": "later", "code": "unavailable"}
    reply(request, 503, json.dumps(problem).encode(), {"Content-Type": "application/problem+json", "Retry-After": pause})
    return True


@contextmanager
def cut_once() -> Iterator[tuple[str, list[int]]]:
    """A TCP proxy whose first connection breaks in the middle of the second event."""
    connections: list[int] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connections.append(len(connections))
            is_first = len(connections) == 1
            with socket.create_connection((PLACE.hostname, PLACE.port)) as upstream:
                upstream.sendall(self.request.recv(65536))
                text = b""
                while data := upstream.recv(65536):
                    text += data
                    if not is_first:
                        self.request.sendall(data)
                    elif text.count(b"\n\n") >= 2:
                        self.request.sendall(text[: text.index(b"\n\n", text.index(b"\n\n") + 2) - 10])
                        return

    with serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}", connections


class Failures(unittest.TestCase):
    @contextmanager
    def fails(self, code: str, status: int | None = None) -> Iterator[list[TaskerError]]:
        caught: list[TaskerError] = []
        with self.assertRaises(TaskerError) as context:
            yield caught
        caught.append(context.exception)
        self.assertEqual(context.exception.code, code, context.exception)
        if status:
            self.assertEqual(context.exception.status, status)


class TaskerTest(Failures):
    def setUp(self) -> None:
        self.tasker = self.enterContext(Tasker(URL, api_key=KEY))

    def client(self, url: str, retries: int = 3) -> Tasker:
        return self.enterContext(Tasker(url, api_key=KEY, retries=retries))

    def test_a_task_is_created_waited_for_and_its_results_are_read(self) -> None:
        task = self.tasker.start("shop/order", ORDER, tags=[RUN], priority=5)
        outcome = task.wait(60)
        self.assertTrue(outcome.is_complete)
        self.assertEqual((outcome.task.tags, outcome.task.priority), ([RUN], 5))
        self.assertEqual(outcome.result("ship"), {"value": 3})
        self.assertEqual([step.name for step in self.tasker.list(list_steps.sync, task.id)], ["price", "ship", "pack"])

    def test_numbers_keep_their_digits(self) -> None:
        outcome = self.tasker.start("shop/order", {**ORDER, "n": 2**53 + 1}).wait(60)
        self.assertEqual(cast(Any, outcome.task.context)["n"], 2**53 + 1)
        self.assertEqual(outcome.result("ship"), {"value": 2**53 + 3})

    def test_the_example_of_the_readme_runs(self) -> None:
        example = (FOLDER / "examples/start.py").read_text()
        self.assertIn(f"```python\n{example}```", (FOLDER / "README.md").read_text())
        ended = subprocess.run([sys.executable, FOLDER / "examples/start.py"], capture_output=True, text=True, check=False)
        self.assertEqual(ended.stdout, "complete {'value': 42}\n", ended.stderr)

    def test_a_wrong_input_is_refused_with_the_place_of_each_fault(self) -> None:
        with self.fails("invalid_input", 422) as caught:
            self.tasker.start("shop/order", {"order_id": "x"})
        self.assertEqual([fault.pointer for fault in caught[0].errors], ["", "/order_id"])
        self.assertRegex(caught[0].request_id or "", "^[0-9a-f-]{36}$")

    def test_an_idempotency_key_creates_one_task(self) -> None:
        key = f"{RUN}-once"
        first = self.tasker.start("shop/order", ORDER, idempotency_key=key)
        with self.fails("duplicate_task", 409) as caught:
            self.tasker.start("shop/order", ORDER, idempotency_key=key)
        self.assertEqual(caught[0].task_id, first.id)
        again = self.tasker.start("shop/order", ORDER, idempotency_key=key, on_duplicate="return")
        self.assertEqual(again.id, first.id)
        with self.fails("idempotency_key_reused"):
            self.tasker.start("shop/order", {**ORDER, "n": 2}, idempotency_key=key)

    def test_a_list_goes_on_over_pages(self) -> None:
        source = f"{RUN}-paging"
        created = [self.tasker.start("shop/order", {**ORDER, "n": n}, source_system=source).id for n in range(9)]
        with proxy() as (url, requests):
            listed = [str(task.task_id) for task in self.client(url).tasks(source_system=source, limit=2)]
        self.assertEqual(listed, created[::-1])
        self.assertEqual(len(requests), 5)
        self.assertEqual(list(self.tasker.tasks(source_system=source, state=["error", "cancelled"])), [])

    def test_what_does_not_exist_and_who_may_not_ask(self) -> None:
        task = self.tasker.task("00000000-0000-7000-8000-000000000000")
        with self.fails("no_such_task", 404):
            task.get()
        with self.fails("no_such_task"):
            task.wait()
        with self.fails("no_such_template"):
            self.tasker.start("shop/nothing", {})
        stranger = self.enterContext(Tasker(URL, api_key=KEY[:60] + ("y" if KEY.endswith("x") else "x")))
        with self.fails("unauthenticated", 401):
            stranger.start("shop/order", ORDER)
        with self.fails("unauthenticated"):
            stranger.task(task.id).wait()
        with self.fails("unauthenticated"), Tasker(URL, token="a.b.c") as other:
            other.call(get_me.sync)
        self.assertTrue(self.tasker.call(get_me.sync).permissions)
        self.assertEqual({access.outcome for access in self.tasker.list(list_access.sync, outcome="denied")}, {"denied"})

    def test_an_operation_of_the_generated_client(self) -> None:
        task = self.tasker.start("shop/order", {**ORDER, "hold_ms": 2000})
        pause = TaskOperation(action="pause", reason="a test")
        self.tasker.call(operate_on_task.sync, task.id, body=pause)
        self.assertIsNotNone(task.get().paused_at)

    def test_a_stream_goes_on_where_its_connection_was_cut(self) -> None:
        task = self.tasker.start("shop/order", {**ORDER, "hold_ms": 1500})
        with cut_once() as (url, connections):
            events = list(self.client(url).task(task.id).follow(logs=True, until=time.monotonic() + 60))
        self.assertGreater(len(connections), 1)
        self.assertEqual((events[0].name, events[-1].name), ("snapshot", "end"))
        changes = [
            (event.data["audit_id"], event.data.get("step"), event.data["position"], event.data["to_state"])
            for event in events
            if event.name in ("task", "step")
        ]
        audit = [
            (change.audit_id, change.step or None, change.position, change.to_state)
            for change in self.tasker.list(list_task_audit.sync, task.id)
        ]
        # Those before the snapshot are in it.
        self.assertTrue(changes)
        self.assertEqual(changes, audit[-len(changes) :], "a change is missing or repeated")

    def test_where_streams_are_refused_requests_wait(self) -> None:
        def refuse(_: int, request: BaseHTTPRequestHandler) -> bool:
            if "/stream" in request.path:
                reply(request, 404, b"no such page", {"Content-Type": "text/plain"})
            return "/stream" in request.path

        with proxy(refuse) as (url, requests):
            task = self.client(url).start("shop/order", ORDER)
            self.assertTrue(task.wait(60).is_complete)
        self.assertIn("/stream", requests[-2])
        self.assertIn("wait_seconds=", requests[-1])

    def test_a_wait_ends_in_time(self) -> None:
        started = time.monotonic()
        with self.fails("wait_timed_out"):
            self.tasker.start("shop/order", {**ORDER, "hold_ms": 1500}).wait(0.2)
        self.assertLess(time.monotonic() - started, 5)

    def test_what_is_temporarily_refused_is_repeated_if_it_may_be(self) -> None:
        with proxy(lambda count, request: count <= 2 and unavailable(request)) as (url, requests):
            task = self.client(url).start("shop/order", ORDER, idempotency_key=f"{RUN}-moody")
            self.assertEqual(len(requests), 3)
            self.assertEqual(task.get().namespace, "shop")
        with proxy(lambda count, request: count <= 2 and unavailable(request)) as (url, requests):
            self.assertEqual(str(self.client(url).task(task.id).get().task_id), task.id)
        with proxy(lambda count, request: unavailable(request)) as (url, requests):
            client = self.client(url, retries=1)
            with self.fails("unavailable", 503):
                client.start("shop/order", ORDER)
            self.assertEqual(len(requests), 1, "without an idempotency key it may not be repeated")
            with self.fails("unavailable"):
                client.task(task.id).get()
            self.assertEqual(len(requests), 3)
        with proxy(lambda count, request: unavailable(request, "3600")) as (url, requests):
            with self.fails("unavailable"):
                self.client(url).task(task.id).get()
            self.assertEqual(len(requests), 1)

    def test_a_creation_whose_response_is_lost_is_repeated_and_finds_its_task(self) -> None:
        def lose(count: int, request: BaseHTTPRequestHandler) -> bool:
            if count == 1:
                forward(request)
                request.close_connection = True
            return count == 1

        key = f"{RUN}-lossy"
        with proxy(lose) as (url, requests):
            task = self.client(url).start("shop/order", ORDER, idempotency_key=key)
        self.assertEqual(len(requests), 2)
        with self.fails("duplicate_task") as caught:
            self.tasker.start("shop/order", ORDER, idempotency_key=key)
        self.assertEqual(caught[0].task_id, task.id)

    def test_a_server_that_does_not_answer_or_not_as_tasker_does(self) -> None:
        def wait_a_second(_: int, __: BaseHTTPRequestHandler) -> bool:
            time.sleep(1)
            return True

        def teapot(_: int, request: BaseHTTPRequestHandler) -> bool:
            reply(request, 418, b"a teapot", {})
            return True

        with proxy(wait_a_second) as (url, _), self.fails("timed_out"), Tasker(url, timeout=0.2) as tasker:
            tasker.task("x").get()
        with self.fails("connection_failed"):
            self.client("http://127.0.0.1:1", retries=0).task("x").get()
        with proxy(teapot) as (url, _), self.fails("unexpected_response", 418):
            self.client(url).task("x").get()


class AsyncTaskerTest(Failures):
    """What scripts/clients.sh translates: the parts that wait."""

    def test_the_asynchronous_client_does_the_same(self) -> None:
        asyncio.run(self.all())

    async def all(self) -> None:
        async with AsyncTasker(URL, api_key=KEY) as tasker:
            task = await tasker.start("shop/order", ORDER, tags=[RUN])
            outcome = await task.wait(60)
            self.assertEqual((outcome.is_complete, await outcome.result("ship")), (True, {"value": 3}))
            steps = [step.name async for step in tasker.list(list_steps.asyncio, task.id, limit=1)]
            self.assertEqual(steps, ["price", "ship", "pack"])
            self.assertTrue((await tasker.call(get_me.asyncio)).permissions)
            with self.fails("invalid_input"):
                await tasker.start("shop/order", {})
            with self.fails("no_such_task"):
                await tasker.task("00000000-0000-7000-8000-000000000000").wait()
            with self.fails("wait_timed_out"):
                await (await tasker.start("shop/order", {**ORDER, "hold_ms": 1500})).wait(0.2)
            slow = await tasker.start("shop/order", {**ORDER, "hold_ms": 1500})
            with cut_once() as (url, connections):
                async with AsyncTasker(url, api_key=KEY) as cut:
                    names = [event.name async for event in cut.task(slow.id).follow(until=time.monotonic() + 60)]
            self.assertGreater(len(connections), 1)
            self.assertEqual((names[0], names[-1]), ("snapshot", "end"))
            with proxy(lambda count, request: count <= 2 and unavailable(request)) as (url, requests):
                async with AsyncTasker(url, api_key=KEY) as moody:
                    await moody.start("shop/order", ORDER, idempotency_key=f"{RUN}-async")
            self.assertEqual(len(requests), 3)


if __name__ == "__main__":
    unittest.main()
