"""JSON in and out."""

import math
from dataclasses import dataclass
from typing import Annotated, Any

from tasker_handler import Context, Field, handler


@handler
def echo(_ctx: Context, value: Any) -> Any:
    """Returns its input."""
    return value


@handler
def nothing(_ctx: Context) -> None:
    """Returns nothing."""


@handler
def unserializable(_ctx: Context) -> Any:
    """Returns a value that JSON cannot hold."""
    return {"table": {(1, 2): 1}}


@handler
def not_a_number(_ctx: Context) -> float:
    """Returns a number that is none."""
    return math.nan


@dataclass
class Order:
    """An order."""

    id: Annotated[str, Field(description="Its number.")]
    quantity: Annotated[int, Field(ge=0, description="How many.")]


@dataclass
class Priced:
    """An order with its price."""

    id: Annotated[str, Field(description="The order's number.")]
    total_cents: Annotated[int, Field(ge=0, description="The price, in cents.")]


@handler
def price(_ctx: Context, order: Order) -> Priced:
    """Calculates the price of an order."""
    return Priced(id=order.id, total_cents=order.quantity * 250)
