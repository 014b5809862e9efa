# The types of the template shop/everything 1.2.0. Made by `tasker generate client`: do not edit.

from typing import Unpack, cast

from tasker_client import Outcome, StartOptions, Task, Tasker

from typing import Any, Literal, NotRequired, TypedDict, Union


# Pickup
class EverythingInputAddressPickup(TypedDict):
    shop: str


# Delivery
class EverythingInputAddressDelivery(TypedDict):
    street: str


# A category, and what is below it.
class Category(TypedDict):
    above: NotRequired["Category"]
    below: list["Category"]
    name: str


# A position of the order.
class EverythingInputItemsItem(TypedDict):
    amount: int
    price: NotRequired[float]
    sku: str


class EverythingInputPayment(TypedDict):
    token: Any


# The input of a task.
EverythingInput = TypedDict(
    "EverythingInput",
    {
        "address": Union["EverythingInputAddressPickup", "EverythingInputAddressDelivery"],
        "anything": NotRequired[Any],
        "category": NotRequired["Category"],
        "channel": NotRequired[Literal["web"]],
        "gift": NotRequired[bool],
        "items": list["EverythingInputItemsItem"],
        "labels": NotRequired[dict[str, str]],
        "level": NotRequired[Literal[1, 2, 3]],
        "mixed": NotRequired[Union[Literal[1, "auto"], None]],
        # Ends a comment: */ and """
        # On a second line.
        "note": Union[str, None],
        "order-date": NotRequired[str],
        # The order, such as `DE-1`.
        "order_id": str,
        "pair": NotRequired[list[Any]],
        "payment": NotRequired["EverythingInputPayment"],
        "reference": NotRequired[Union[str, int, None]],
        "self": NotRequired[str],
        # How fast it is shipped.
        "type": Literal["express", "next-day", "standard"],
        "undescribed": Any,
    },
)


# The result of the step check.
class CheckResult(TypedDict):
    available: bool


# The result of the step ship-order.
ShipOrderResult = Literal["shipped", "lost"]


# The results of the steps, by their names. A step that has not completed has none.
EverythingResults = TypedDict(
    "EverythingResults",
    {
        # Checks the stock.
        "check": NotRequired["CheckResult"],
        # Ships it | all of it.
        "ship-order": NotRequired["ShipOrderResult"],
        "bill": NotRequired[Any],
    },
)


def start_everything(tasker: Tasker, input: EverythingInput, **options: Unpack[StartOptions]) -> Task:
    """Starts a task of shop/everything."""
    return tasker.start("shop/everything", input, **options)


def check_result(outcome: Outcome) -> CheckResult:
    """The result of the step check, once it has completed."""
    return cast(CheckResult, outcome.result("check"))


def ship_order_result(outcome: Outcome) -> ShipOrderResult:
    """The result of the step ship-order, once it has completed."""
    return cast(ShipOrderResult, outcome.result("ship-order"))


def bill_result(outcome: Outcome) -> Any:
    """The result of the step bill, once it has completed."""
    return outcome.result("bill")
