from typing import Literal

CallableOperationAction = Literal["promote", "roll_back"]

CALLABLE_OPERATION_ACTION_VALUES: set[CallableOperationAction] = {
    "promote",
    "roll_back",
}


def check_callable_operation_action(value: str) -> CallableOperationAction:
    if value in CALLABLE_OPERATION_ACTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {CALLABLE_OPERATION_ACTION_VALUES!r}"
    )
