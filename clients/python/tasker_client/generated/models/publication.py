from typing import Literal

Publication = Literal["published", "unchanged"]

PUBLICATION_VALUES: set[Publication] = {
    "published",
    "unchanged",
}


def check_publication(value: str) -> Publication:
    if value in PUBLICATION_VALUES:
        return value
    raise TypeError(
        f"Unexpected value {value!r}. Expected one of {PUBLICATION_VALUES!r}"
    )
