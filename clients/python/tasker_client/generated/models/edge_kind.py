from typing import Literal

EdgeKind = Literal["batch", "convergence", "decision", "dependency"]

EDGE_KIND_VALUES: set[EdgeKind] = {
    "batch",
    "convergence",
    "decision",
    "dependency",
}


def check_edge_kind(value: str) -> EdgeKind:
    if value in EDGE_KIND_VALUES:
        return value
    raise TypeError(f"Unexpected value {value!r}. Expected one of {EDGE_KIND_VALUES!r}")
