from typing import Literal

ListStepsFields = Literal["full", "summary"]

LIST_STEPS_FIELDS_VALUES: set[ListStepsFields] = {
    "full",
    "summary",
}


def check_list_steps_fields(value: str) -> ListStepsFields:
    if value in LIST_STEPS_FIELDS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_STEPS_FIELDS_VALUES!r}"
    )
