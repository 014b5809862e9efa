"""The risk of an order, in Python."""

from dataclasses import dataclass, field

from tasker_handler import Context, handler


@dataclass
class Order:
    """An order."""

    country: str = "DE"


@dataclass
class Price:
    """What an order costs, as the step before says."""

    subtotal_cents: int
    pieces: int


@dataclass
class Risk:
    """How likely an order is not paid, from 0 to 100, and why."""

    score: int = 0
    reasons: list[str] = field(default_factory=list)


@handler
def assess_risk(ctx: Context, order: Order) -> Risk:
    """Estimates the risk that an order is not paid."""
    price = ctx.dependency("price", Price)
    risk = Risk()
    for applies, score, reason in (
        (price.subtotal_cents > 50_000, 40, "more than 500"),
        (price.pieces > 20, 25, "more than 20 pieces"),
        (order.country not in ("DE", "AT", "CH"), 10, f"from {order.country}"),
    ):
        if applies:
            risk.score += score
            risk.reasons.append(reason)
    return risk
