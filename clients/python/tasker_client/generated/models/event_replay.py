from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="EventReplay")


@_attrs_define
class EventReplay:
    """Which dead letters to process again.

    Attributes:
        max_ (int | Unset): At most so many, up to 1000, the newest first.
        state (list[str] | Unset): Those in these states: `unmatched`, `failed`. Default: both.
    """

    max_: int | Unset = UNSET
    state: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        max_ = self.max_

        state: list[str] | Unset = UNSET
        if not isinstance(self.state, Unset):
            state = self.state

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if max_ is not UNSET:
            field_dict["max"] = max_
        if state is not UNSET:
            field_dict["state"] = state

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        max_ = d.pop("max", UNSET)

        state = cast(list[str], d.pop("state", UNSET))

        event_replay = cls(
            max_=max_,
            state=state,
        )

        return event_replay
