from typing import Literal

ServerStatus = Literal["degraded", "down", "ok"]

SERVER_STATUS_VALUES: set[ServerStatus] = {
    "degraded",
    "down",
    "ok",
}


def check_server_status(value: str) -> ServerStatus:
    if value in SERVER_STATUS_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {SERVER_STATUS_VALUES!r}"
    )
