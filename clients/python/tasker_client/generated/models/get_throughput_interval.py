from typing import Literal

GetThroughputInterval = Literal["15m", "1d", "1h", "1m", "5m", "6h", "auto"]

GET_THROUGHPUT_INTERVAL_VALUES: set[GetThroughputInterval] = {
    "15m",
    "1d",
    "1h",
    "1m",
    "5m",
    "6h",
    "auto",
}


def check_get_throughput_interval(value: str) -> GetThroughputInterval:
    if value in GET_THROUGHPUT_INTERVAL_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GET_THROUGHPUT_INTERVAL_VALUES!r}"
    )
