from typing import Literal

CountTasksOrder = Literal["asc", "desc"]

COUNT_TASKS_ORDER_VALUES: set[CountTasksOrder] = {
    "asc",
    "desc",
}


def check_count_tasks_order(value: str) -> CountTasksOrder:
    if value in COUNT_TASKS_ORDER_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {COUNT_TASKS_ORDER_VALUES!r}"
    )
