from typing import Literal

HostPresence = Literal["left", "present", "silent"]

HOST_PRESENCE_VALUES: set[HostPresence] = {
    "left",
    "present",
    "silent",
}


def check_host_presence(value: str) -> HostPresence:
    if value in HOST_PRESENCE_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {HOST_PRESENCE_VALUES!r}"
    )
