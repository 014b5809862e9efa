from typing import Literal

ExecutionStatus = Literal[
    "all_complete",
    "blocked_by_failures",
    "has_ready_steps",
    "processing",
    "waiting_for_dependencies",
]

EXECUTION_STATUS_VALUES: set[ExecutionStatus] = {
    "all_complete",
    "blocked_by_failures",
    "has_ready_steps",
    "processing",
    "waiting_for_dependencies",
}


def check_execution_status(value: str) -> ExecutionStatus:
    if value in EXECUTION_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {EXECUTION_STATUS_VALUES!r}"
    )
