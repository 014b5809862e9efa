from typing import Literal

GraphMode = Literal["layered", "levels"]

GRAPH_MODE_VALUES: set[GraphMode] = {
    "layered",
    "levels",
}


def check_graph_mode(value: str) -> GraphMode:
    if value in GRAPH_MODE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GRAPH_MODE_VALUES!r}"
    )
