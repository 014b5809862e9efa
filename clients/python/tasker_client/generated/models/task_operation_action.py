from typing import Literal

TaskOperationAction = Literal[
    "give_up",
    "pause",
    "redrive",
    "rerun",
    "resolve_manually",
    "resume",
    "set_priority",
    "set_tags",
    "upgrade",
]

TASK_OPERATION_ACTION_VALUES: set[TaskOperationAction] = {
    "give_up",
    "pause",
    "redrive",
    "rerun",
    "resolve_manually",
    "resume",
    "set_priority",
    "set_tags",
    "upgrade",
}


def check_task_operation_action(value: str) -> TaskOperationAction:
    if value in TASK_OPERATION_ACTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {TASK_OPERATION_ACTION_VALUES!r}"
    )
