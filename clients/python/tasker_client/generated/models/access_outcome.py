from typing import Literal

AccessOutcome = Literal["denied", "failed", "ok"]

ACCESS_OUTCOME_VALUES: set[AccessOutcome] = {
    "denied",
    "failed",
    "ok",
}


def check_access_outcome(value: str) -> AccessOutcome:
    if value in ACCESS_OUTCOME_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {ACCESS_OUTCOME_VALUES!r}"
    )
