"""Handlers as functions, and as a component runs them."""

import json
import math
import unittest
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tasker_handler import Batch, Branch, Checkpoint, Context, Failure, PermanentError, RetryableError, batch, handler
from tasker_handler._json import dumps, loads
from tasker_handler._registry import HANDLERS
from tasker_handler._shape import Unsupported
from tasker_handler.testing import build_context, host_of, run


@dataclass
class Order:
    id: str
    quantity: int


@dataclass
class Priced:
    total: int


@handler
def price(_ctx: Context, order: Order) -> Priced:
    """Calculates the price
    of an order.

    More about it.
    """
    return Priced(order.quantity * 250)


@handler(name="Shop::Decide", description="Decides.")
def decide(_ctx: Context) -> Branch[Priced]:
    return Branch(["ship"], Priced(1))


@handler
def rows(ctx: Context) -> batch.Counts | Checkpoint:
    slice = ctx.slice
    progress = batch.Progress.resume(ctx, batch.Counts())
    end = min(slice.end, progress.cursor + 10)
    progress.accumulated += batch.Counts(processed=end - progress.cursor)
    progress.advance(end, end - progress.cursor)
    return progress.checkpoint() if end < slice.end else progress.accumulated


@handler
def cut(_ctx: Context) -> Batch[None]:
    return Batch(batch.ranges(5, 2))


@handler
def throw(_ctx: Context) -> None:
    try:
        {}["missing"]  # type: ignore[index]
    except KeyError as error:
        raise ValueError("the order cannot be read") from error


class Running(unittest.TestCase):
    def test_a_handler_is_a_function(self) -> None:
        self.assertEqual(price(build_context(), Order("a", 2)), Priced(500))

    def test_a_component_reads_the_input_and_writes_the_result(self) -> None:
        self.assertEqual(run(price, build_context(input={"id": "a", "quantity": 3})).result, {"total": 750})
        with self.assertRaises(PermanentError) as raised:
            run(price, build_context(input={"id": "a"}))
        self.assertEqual(raised.exception.error_type, "InvalidInput")
        self.assertEqual(str(raised.exception), "the task's input does not have the expected form: `quantity` is missing")

    def test_outcomes(self) -> None:
        decided = run("Shop::Decide", build_context())
        self.assertEqual((decided.kind, decided.steps, decided.result), ("branch", ["ship"], {"total": 1}))
        made = run(cut, build_context())
        self.assertEqual((made.kind, made.cursors[2], made.result), ("batch", {"start": 4, "end": 5}, None))

    def test_a_worker_goes_on_from_its_checkpoint(self) -> None:
        def worker(**more: Any) -> Context:
            return build_context(cursor=batch.Range(100, 115), batch_worker=(1, 2), **more)

        first = run(rows, worker())
        self.assertEqual((first.kind, first.result["cursor"], first.result["items_processed"]), ("checkpoint", 110, 10))
        last = run(rows, worker(checkpoint=first.result))
        self.assertEqual((last.kind, last.result["processed"]), ("complete", 15))
        self.assertEqual(run(rows, build_context(no_op=True)).result["processed"], 0)

    def test_what_is_described(self) -> None:
        found = HANDLERS["price"]
        self.assertEqual(found.description, "Calculates the price of an order.")
        input_schema, result_schema = (json.loads(text or "null") for text in found.schemas())
        self.assertEqual((input_schema["title"], result_schema["title"]), ("Order", "Priced"))
        _, decided = HANDLERS["Shop::Decide"].schemas()
        self.assertEqual(json.loads(decided or "null")["title"], "Priced")
        _, counted = HANDLERS["rows"].schemas()
        self.assertEqual(json.loads(counted or "null")["title"], "Counts")

    def test_functions_that_cannot_be_handlers_are_refused(self) -> None:
        async def asynchronous(ctx: Context) -> None: ...
        def nothing() -> None: ...
        def three(ctx: Context, a: int, b: int) -> None: ...

        functions: list[tuple[Any, str]] = [
            (asynchronous, "cannot be async"),
            (nothing, "takes the context"),
            (three, "takes the context"),
        ]
        for function, words in functions:
            with self.assertRaisesRegex(TypeError, words):
                handler(function)
        with self.assertRaisesRegex(ValueError, r"test_handlers.py:\d+ has a handler of this name already"):
            handler(name="price")(lambda ctx: None)

        @handler
        def of_bytes(_ctx: Context, value: bytes) -> None: ...

        with self.assertRaisesRegex(Unsupported, r"the handler `of_bytes` \(test_handlers.py:\d+\): no JSON can be read as"):
            HANDLERS.pop("of_bytes").schemas()


class Failing(unittest.TestCase):
    def test_an_exception_is_a_retryable_failure_with_its_causes_and_its_stack(self) -> None:
        with self.assertRaises(Failure) as raised:
            run(throw, build_context())
        failure = raised.exception
        self.assertTrue(failure.retryable)
        self.assertEqual((failure.error_type, failure.message), ("ValueError", "the order cannot be read: 'missing'"))
        self.assertRegex(failure.details["stack"], r'File ".*test_handlers.py", line \d+, in throw')

    def test_failures_have_their_classes_names_unless_they_say_otherwise(self) -> None:
        class CardDeclined(PermanentError):
            pass

        self.assertEqual(CardDeclined("no").error_type, "CardDeclined")
        busy = RetryableError("later", error_type="Busy", retry_after=timedelta(minutes=1), details=[1])
        self.assertEqual((busy.error_type, busy.retry_after, busy.retryable, busy.details), ("Busy", 60.0, True, [1]))
        self.assertFalse(CardDeclined("no").retryable)


class Contexts(unittest.TestCase):
    def failing(self, error_type: str, words: str) -> Any:
        outer = self

        class Failing:
            def __enter__(self) -> None:
                pass

            def __exit__(self, kind: Any, error: Any, _: Any) -> bool:
                outer.assertIsInstance(error, PermanentError)
                outer.assertEqual(error.error_type, error_type)
                outer.assertRegex(str(error), words)
                return True

        return Failing()

    def test_dependencies(self) -> None:
        ctx = build_context(dependencies={"price": Priced(5), "stock": None})
        self.assertEqual(ctx.dependency("price", Priced), Priced(5))
        self.assertEqual(ctx.dependency("price"), {"total": 5})
        self.assertEqual(ctx.dependency_names, ["price", "stock"])
        with self.failing("MissingDependency", "available: price, stock"):
            ctx.dependency("prize")
        with self.failing("InvalidDependencyResult", "the result of `stock` .* expected an object, found null"):
            ctx.dependency("stock", Priced)

    def test_configuration(self) -> None:
        ctx = build_context(configuration={"region": "eu", "retries": 3})
        self.assertEqual((ctx.config("region", str), ctx.config("zone", str, "a"), ctx.config("retries")), ("eu", "a", 3))
        with self.failing("InvalidConfiguration", "`zone` of the step's handler.initialization: expected a string, found null"):
            ctx.config("zone", str)

    def test_secrets(self) -> None:
        self.assertEqual(build_context(secrets={"token": "x"}).secret("token"), "x")
        with self.failing("SecretNotGranted", "grants.secrets"):
            build_context().secret("token")

    def test_facts(self) -> None:
        ctx = build_context(attempt=3, step_name="pay", remaining_seconds=1.5, is_cancelled=True)
        self.assertTrue(ctx.is_last_attempt)
        self.assertEqual(ctx.idempotency_key, "018f0000-0000-7000-8000-000000000000:pay")
        self.assertEqual((ctx.cancelled(), ctx.remaining_time()), (True, 1.5))
        ctx.heartbeat("half")
        self.assertEqual(host_of(ctx).heartbeats, ["half"])

    def test_batches(self) -> None:
        ctx = build_context(batch_worker=(2, 7), cursor={"start": 5, "end": 8})
        self.assertEqual(ctx.batch and (ctx.batch.metadata.worker_number, ctx.batch.is_no_op), (2, False))
        self.assertEqual(list(ctx.slice), [5, 6, 7])
        self.assertIsNone(build_context().batch)
        with self.failing("MissingCursor", "`test` has no slice of work"):
            build_context().slice  # noqa: B018
        with self.failing("InvalidCursor", "`end` is missing"):
            build_context(cursor={"start": 1}).slice  # noqa: B018
        results = {"rows_010": 10, "rows_002": 2, "rows_x": 0, "other": 0}
        self.assertEqual(build_context(dependencies=results).worker_results("rows", int), [(2, 2), (10, 10)])

    def test_work_is_split_without_loss(self) -> None:
        for total in range(40):
            for parts in range(1, 10):
                for slices in (batch.split(total, parts), batch.ranges(total, parts)):
                    self.assertEqual([item for one in slices for item in one], list(range(total)))
                    self.assertTrue(all(slices))
                sizes = [len(one) for one in batch.split(total, parts)]
                self.assertLessEqual(max(sizes, default=0) - min(sizes, default=0), 1)


class Json(unittest.TestCase):
    def test_every_digit_is_kept(self) -> None:
        text = '{"id":9007199254740993,"list":[18446744073709551616,-1],"f":0.1,"t":"é😀\\u0000"}'
        self.assertEqual(dumps(loads(text)), text)

    def test_brackets_in_strings_are_no_levels(self) -> None:
        for value in [["[" * 1000, '\\"[' * 500, "\\"], [[]] * 1000, {str(number): {"[": []} for number in range(200)}]:
            self.assertEqual(loads(dumps(value)), value)
        self.assertEqual(len(loads("[" * 128 + "]" * 128)), 1)

    def test_what_json_cannot_hold_is_refused_with_its_place(self) -> None:
        for text, words in [
            ("1e400", "1e400 is too large"),
            ("[NaN]", "NaN is not JSON"),
            ('["\\ud800"]', "surrogate"),
            ("[" * 100_000, "it has more than 128 levels"),
            ('{"a":[' * 65 + "]}" * 65, "it has more than 128 levels"),
            ("[" * 60 + "}", "char 60"),
            ('{"a":', "char 5"),
        ]:
            with self.assertRaisesRegex(ValueError, words):
                loads(text)
        for value, words in [
            ({"a": [1, {"b": object()}]}, r"a\[1\]\.b: a value of the type object cannot be written as JSON"),
            ({"a": {(1, 2): 3}}, "a: a key of the type tuple"),
            (["x\ud800"], r"\[0\]: a string holds half of a surrogate pair"),
            (Priced(object()), "total: a value of the type object"),  # type: ignore[arg-type]
        ]:
            with self.assertRaisesRegex(ValueError, words):
                dumps(value)
        self.assertEqual(dumps({"a": math.nan, "b": [Priced(1), -math.inf]}), '{"a":null,"b":[{"total":1},null]}')
        endless: list[Any] = []
        endless.append(endless)
        with self.assertRaisesRegex(ValueError, "it contains itself"):
            dumps(endless)
