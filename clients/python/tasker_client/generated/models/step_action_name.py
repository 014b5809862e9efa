from typing import Literal

StepActionName = Literal["complete_manually", "reset_for_retry", "resolve_manually"]

STEP_ACTION_NAME_VALUES: set[StepActionName] = {
    "complete_manually",
    "reset_for_retry",
    "resolve_manually",
}


def check_step_action_name(value: str) -> StepActionName:
    if value in STEP_ACTION_NAME_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {STEP_ACTION_NAME_VALUES!r}"
    )
