from typing import Literal

Resolution = Literal[
    "cancelled", "manually_resolved", "pending", "permanently_failed", "requeue"
]

RESOLUTION_VALUES: set[Resolution] = {
    "cancelled",
    "manually_resolved",
    "pending",
    "permanently_failed",
    "requeue",
}


def check_resolution(value: str) -> Resolution:
    if value in RESOLUTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RESOLUTION_VALUES!r}"
    )
