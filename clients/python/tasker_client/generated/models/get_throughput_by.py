from typing import Literal

GetThroughputBy = Literal["template"]

GET_THROUGHPUT_BY_VALUES: set[GetThroughputBy] = {
    "template",
}


def check_get_throughput_by(value: str) -> GetThroughputBy:
    if value in GET_THROUGHPUT_BY_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GET_THROUGHPUT_BY_VALUES!r}"
    )
