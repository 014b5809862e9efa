from typing import Literal

BulkAction = Literal[
    "cancel",
    "clone",
    "give_up",
    "pause",
    "redrive",
    "rerun",
    "resolve_manually",
    "resume",
    "set_tags",
    "upgrade",
]

BULK_ACTION_VALUES: set[BulkAction] = {
    "cancel",
    "clone",
    "give_up",
    "pause",
    "redrive",
    "rerun",
    "resolve_manually",
    "resume",
    "set_tags",
    "upgrade",
}


def check_bulk_action(value: str) -> BulkAction:
    if value in BULK_ACTION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {BULK_ACTION_VALUES!r}"
    )
