from typing import Literal

RecommendedAction = Literal[
    "execute_ready_steps",
    "finalize_task",
    "handle_failures",
    "wait_for_completion",
    "wait_for_dependencies",
]

RECOMMENDED_ACTION_VALUES: set[RecommendedAction] = {
    "execute_ready_steps",
    "finalize_task",
    "handle_failures",
    "wait_for_completion",
    "wait_for_dependencies",
}


def check_recommended_action(value: str) -> RecommendedAction:
    if value in RECOMMENDED_ACTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {RECOMMENDED_ACTION_VALUES!r}"
    )
