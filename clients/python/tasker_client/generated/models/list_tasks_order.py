from typing import Literal

ListTasksOrder = Literal["asc", "desc"]

LIST_TASKS_ORDER_VALUES: set[ListTasksOrder] = {
    "asc",
    "desc",
}


def check_list_tasks_order(value: str) -> ListTasksOrder:
    if value in LIST_TASKS_ORDER_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_TASKS_ORDER_VALUES!r}"
    )
