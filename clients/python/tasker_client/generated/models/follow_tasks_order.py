from typing import Literal

FollowTasksOrder = Literal["asc", "desc"]

FOLLOW_TASKS_ORDER_VALUES: set[FollowTasksOrder] = {
    "asc",
    "desc",
}


def check_follow_tasks_order(value: str) -> FollowTasksOrder:
    if value in FOLLOW_TASKS_ORDER_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {FOLLOW_TASKS_ORDER_VALUES!r}"
    )
