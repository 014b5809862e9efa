from typing import Literal

ListTaskLogsFormat = Literal["json", "ndjson", "text"]

LIST_TASK_LOGS_FORMAT_VALUES: set[ListTaskLogsFormat] = {
    "json",
    "ndjson",
    "text",
}


def check_list_task_logs_format(value: str) -> ListTaskLogsFormat:
    if value in LIST_TASK_LOGS_FORMAT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {LIST_TASK_LOGS_FORMAT_VALUES!r}"
    )
