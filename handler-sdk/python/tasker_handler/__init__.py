"""Write Tasker step handlers as plain Python functions.

    from dataclasses import dataclass

    from tasker_handler import Context, PermanentError, handler


    @dataclass
    class Order:
        items: list[str]


    @handler
    def validate_order(ctx: Context, order: Order) -> dict[str, int]:
        "Checks that an order can be fulfilled."
        if not order.items:
            raise PermanentError("the order has no items", error_type="EmptyOrder")
        return {"item_count": len(order.items)}

The decorated function stays a function, so an ordinary test can call it with a context of `tasker_handler.testing`.
"""

from . import batch
from ._constraint import Field
from ._context import Context
from ._failure import Failure, PermanentError, RetryableError
from ._http import Http, Response
from ._key_value import Bucket
from ._outcome import Batch, Branch, Checkpoint
from ._registry import handler
from ._request import Request

__all__ = [
    "Batch",
    "Branch",
    "Bucket",
    "Checkpoint",
    "Context",
    "Failure",
    "Field",
    "Http",
    "PermanentError",
    "Request",
    "Response",
    "RetryableError",
    "batch",
    "handler",
]
