from typing import Literal

GraphKind = Literal["task", "template"]

GRAPH_KIND_VALUES: set[GraphKind] = {
    "task",
    "template",
}


def check_graph_kind(value: str) -> GraphKind:
    if value in GRAPH_KIND_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {GRAPH_KIND_VALUES!r}"
    )
