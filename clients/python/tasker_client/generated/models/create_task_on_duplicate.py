from typing import Literal

CreateTaskOnDuplicate = Literal["refuse", "return"]

CREATE_TASK_ON_DUPLICATE_VALUES: set[CreateTaskOnDuplicate] = {
    "refuse",
    "return",
}


def check_create_task_on_duplicate(value: str) -> CreateTaskOnDuplicate:
    if value in CREATE_TASK_ON_DUPLICATE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CREATE_TASK_ON_DUPLICATE_VALUES!r}"
    )
