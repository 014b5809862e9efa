from typing import Literal

SubscriptionKind = Literal["event_bus", "queue", "task", "topic", "webhook"]

SUBSCRIPTION_KIND_VALUES: set[SubscriptionKind] = {
    "event_bus",
    "queue",
    "task",
    "topic",
    "webhook",
}


def check_subscription_kind(value: str) -> SubscriptionKind:
    if value in SUBSCRIPTION_KIND_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SUBSCRIPTION_KIND_VALUES!r}"
    )
