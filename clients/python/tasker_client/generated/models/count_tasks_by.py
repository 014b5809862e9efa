from typing import Literal

CountTasksBy = Literal["namespace", "state", "template"]

COUNT_TASKS_BY_VALUES: set[CountTasksBy] = {
    "namespace",
    "state",
    "template",
}


def check_count_tasks_by(value: str) -> CountTasksBy:
    if value in COUNT_TASKS_BY_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {COUNT_TASKS_BY_VALUES!r}"
    )
