"""The same computation as the Rust guest, with the SDK: adds up the prices of an order."""

from dataclasses import dataclass

from tasker_handler import Context, handler


@dataclass
class Item:
    price: float


@dataclass
class Order:
    order: int
    items: list[Item]


@dataclass
class Total:
    order: int
    total: float
    count: int


@handler(name="sum")
def add_up(_ctx: Context, order: Order) -> Total:
    """Adds up the prices of an order."""
    prices = [item.price for item in order.items]
    return Total(order.order, sum(prices), len(prices))
