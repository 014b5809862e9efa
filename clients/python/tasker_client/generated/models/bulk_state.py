from typing import Literal

BulkState = Literal["complete", "previewed", "running", "stopped"]

BULK_STATE_VALUES: set[BulkState] = {
    "complete",
    "previewed",
    "running",
    "stopped",
}


def check_bulk_state(value: str) -> BulkState:
    if value in BULK_STATE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {BULK_STATE_VALUES!r}"
    )
