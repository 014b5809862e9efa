from typing import Literal

ListAccessOutcome = Literal["denied", "failed", "ok"]

LIST_ACCESS_OUTCOME_VALUES: set[ListAccessOutcome] = {
    "denied",
    "failed",
    "ok",
}


def check_list_access_outcome(value: str) -> ListAccessOutcome:
    if value in LIST_ACCESS_OUTCOME_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_ACCESS_OUTCOME_VALUES!r}"
    )
