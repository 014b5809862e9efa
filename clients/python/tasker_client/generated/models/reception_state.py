from typing import Literal

ReceptionState = Literal["failed", "started", "unmatched"]

RECEPTION_STATE_VALUES: set[ReceptionState] = {
    "failed",
    "started",
    "unmatched",
}


def check_reception_state(value: str) -> ReceptionState:
    if value in RECEPTION_STATE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RECEPTION_STATE_VALUES!r}"
    )
