from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="EventReplay")


@_attrs_define
class EventReplay:
    """Which dead letters to process again.

    Attributes:
        before (None | Unset | UUID): Only those received before this one: the last of the replay before, to go on with
            older ones.
        max_ (int | Unset): At most so many, up to 1000, the newest first.
        state (list[str] | Unset): Those in these states: `unmatched`, `failed`. Default: both.
    """

    before: None | Unset | UUID = UNSET
    max_: int | Unset = UNSET
    state: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        before: None | str | Unset
        if isinstance(self.before, Unset):
            before = UNSET
        elif isinstance(self.before, UUID):
            before = str(self.before)
        else:
            before = self.before

        max_ = self.max_

        state: list[str] | Unset = UNSET
        if not isinstance(self.state, Unset):
            state = self.state

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if before is not UNSET:
            field_dict["before"] = before
        if max_ is not UNSET:
            field_dict["max"] = max_
        if state is not UNSET:
            field_dict["state"] = state

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_before(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                before_type_0 = UUID(data)

                return before_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        before = _parse_before(d.pop("before", UNSET))

        max_ = d.pop("max", UNSET)

        state = cast(list[str], d.pop("state", UNSET))

        event_replay = cls(
            before=before,
            max_=max_,
            state=state,
        )

        return event_replay
