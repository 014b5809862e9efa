from typing import Literal

GetStepStatisticsSort = Literal["cpu", "failures", "mean", "p95", "retries", "wait"]

GET_STEP_STATISTICS_SORT_VALUES: set[GetStepStatisticsSort] = {
    "cpu",
    "failures",
    "mean",
    "p95",
    "retries",
    "wait",
}


def check_get_step_statistics_sort(value: str) -> GetStepStatisticsSort:
    if value in GET_STEP_STATISTICS_SORT_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GET_STEP_STATISTICS_SORT_VALUES!r}"
    )
