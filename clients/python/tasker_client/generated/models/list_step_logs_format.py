from typing import Literal

ListStepLogsFormat = Literal["json", "ndjson", "text"]

LIST_STEP_LOGS_FORMAT_VALUES: set[ListStepLogsFormat] = {
    "json",
    "ndjson",
    "text",
}


def check_list_step_logs_format(value: str) -> ListStepLogsFormat:
    if value in LIST_STEP_LOGS_FORMAT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_STEP_LOGS_FORMAT_VALUES!r}"
    )
