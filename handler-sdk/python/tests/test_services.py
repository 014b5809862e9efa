"""HTTP and buckets, with the simulated host."""

import email.utils
import time
import unittest
from collections.abc import Callable
from typing import Any

from tasker_handler import Failure, PermanentError, Request, Response, RetryableError
from tasker_handler.testing import build_context, host_of

ANSWERS = [200, 204, 301, 304, 399]
RETRYABLE = [408, 409, 425, 429, 500, 502, 503, 504]
PERMANENT = [400, 401, 402, 403, 404, 405, 410, 413, 418, 422, 423, 424, 426, 428, 431, 451, 501, 505, 507, 511, 599]


def failure_of(status: int, retry_after: str | None = None) -> Failure | None:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    ctx = build_context(respond=lambda _: Response(status, b"why", headers))
    try:
        ctx.http.get("https://api.example.com/x").raise_for_status()
    except Failure as failure:
        return failure
    return None


class Http(unittest.TestCase):
    def test_which_statuses_are_failures(self) -> None:
        for status in ANSWERS:
            self.assertIsNone(failure_of(status, "7"))
        for status in RETRYABLE:
            failure = failure_of(status, "7")
            self.assertIsInstance(failure, RetryableError)
            assert failure is not None
            self.assertEqual((failure.error_type, failure.retry_after), (f"Http{status}", 7))
            self.assertEqual(failure.details, {"body": "why"})
            self.assertEqual(failure.message, f"https://api.example.com/x returned {status}")
        for status in PERMANENT:
            failure = failure_of(status, "7")
            self.assertIsInstance(failure, PermanentError)
            assert failure is not None
            self.assertIsNone(failure.retry_after)

    def test_how_long_a_server_asks_to_wait(self) -> None:
        def wait(value: str) -> float | None:
            failure = failure_of(503, value)
            return None if failure is None else failure.retry_after

        self.assertEqual(wait(" 120 "), 120)
        soon = wait(email.utils.formatdate(time.time() + 90, usegmt=True))
        self.assertTrue(soon is not None and 80 < soon <= 90)
        for nothing in ["Wed, 21 Oct 2015 07:28:00 GMT", "soon", "-1", "1.5", ""]:
            self.assertIsNone(wait(nothing))

    def test_what_is_sent(self) -> None:
        ctx = build_context(respond=lambda _: Response(201, b'{"id":9007199254740993}', [("X-A", "1"), ("x-a", "2")]))
        response = ctx.http.post("https://a.example/x?a=1", params={"b": ["é", 2]}, json={"n": 2**60}, headers={"X-T": "t"})
        sent = host_of(ctx).requests[0]
        self.assertEqual((sent.method, sent.url), ("POST", "https://a.example/x?a=1&b=%C3%A9&b=2"))
        self.assertEqual(
            (sent.headers, sent.body), ([("X-T", "t"), ("content-type", "application/json")], b'{"n":1152921504606846976}')
        )
        self.assertEqual(
            (response.json(), response.headers["x-a"], response.is_success), ({"id": 9007199254740993}, "1, 2", True)
        )
        with self.assertRaises(PermanentError) as raised:
            ctx.http.put("https://a.example", json=object())
        self.assertEqual(raised.exception.error_type, "InvalidRequest")

    def test_a_body_that_is_not_as_expected(self) -> None:
        ctx = build_context(respond=lambda _: Response(200, b'{"n":"x"}'))
        with self.assertRaises(RetryableError) as raised:
            ctx.http.get("https://a.example").json(dict[str, int])
        self.assertEqual(raised.exception.error_type, "HttpInvalidBody")
        self.assertIn(
            'https://a.example does not have the expected form: n: expected an integer, found "x"', str(raised.exception)
        )

    def test_a_stream_is_read_piece_by_piece_and_closed(self) -> None:
        read: list[Any] = []

        def pieces(_: Request) -> Response:
            def body() -> Any:
                try:
                    for piece in (b"a", b"b", b"c"):
                        read.append(piece)
                        yield piece
                finally:
                    read.append("closed")

            return Response(200, body())

        with build_context(respond=pieces).http.stream("GET", "https://a.example") as response:
            self.assertEqual(next(response.iter_bytes()), b"a")
        self.assertEqual(read, [b"a", "closed"])

    def test_nothing_is_sent_in_tests(self) -> None:
        with self.assertRaisesRegex(PermanentError, "give build_context a function `respond`"):
            build_context().http.get("https://a.example")


class Buckets(unittest.TestCase):
    def test_values(self) -> None:
        bucket = build_context().key_value("shelf")
        self.assertIsNone(bucket.get("k"))
        bucket.set("k", {"n": 2**60})
        bucket.set_many({"a": 1, "b": None})
        self.assertEqual(bucket.get_many(["k", "nothing", "a"]), [{"n": 2**60}, None, 1])
        self.assertEqual((bucket.keys(), bucket.exists("b")), (["a", "b", "k"], True))
        bucket.delete("a", "nothing")
        self.assertFalse(bucket.exists("a"))
        bucket.set_bytes("raw", b"\x00\xff")
        self.assertEqual(bucket.get_bytes("raw"), b"\x00\xff")

    def test_numbers_and_updates(self) -> None:
        ctx = build_context(buckets={"shelf": {"text": b'"x"'}})
        bucket = ctx.key_value("shelf")
        self.assertEqual((bucket.increment("n"), bucket.increment("n", -3)), (1, -2))
        with self.assertRaises(RetryableError) as failed:
            bucket.increment("text")
        self.assertEqual(failed.exception.error_type, "KeyValueFailed")
        with self.assertRaises(PermanentError):
            bucket.increment("n", 2**63)
        self.assertEqual(bucket.update("list", lambda known: [*(known or []), 1], list[int]), [1])
        self.assertEqual(bucket.get("list"), [1])

    def test_values_that_are_refused(self) -> None:
        bucket = build_context(buckets={"shelf": {"broken": b"{"}}).key_value("shelf")
        acts: list[Callable[[], Any]] = [
            lambda: bucket.get("broken"),
            lambda: bucket.set("k", object()),
            lambda: bucket.set("k", "x" * 399_999),
            lambda: bucket.update("broken", lambda known: known),
        ]
        for act in acts:
            with self.assertRaises(PermanentError) as raised:
                act()
            self.assertEqual(raised.exception.error_type, "InvalidValue")
        self.assertFalse(bucket.exists("k"))
