from typing import Literal

GetTaskStatisticsSort = Literal["cpu", "failures", "mean", "p95", "retries", "wait"]

GET_TASK_STATISTICS_SORT_VALUES: set[GetTaskStatisticsSort] = {
    "cpu",
    "failures",
    "mean",
    "p95",
    "retries",
    "wait",
}


def check_get_task_statistics_sort(value: str) -> GetTaskStatisticsSort:
    if value in GET_TASK_STATISTICS_SORT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GET_TASK_STATISTICS_SORT_VALUES!r}"
    )
