from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.resolution import Resolution, check_resolution
from ..types import UNSET, Unset

T = TypeVar("T", bound="DlqUpdate")


@_attrs_define
class DlqUpdate:
    """The new resolution of an entry.

    Attributes:
        resolution_status (Resolution): The resolutions of a DLQ entry that an operator can set.
        resolution_notes (None | str | Unset): Notes.
        resolved_by (None | str | Unset): Who resolved it.
    """

    resolution_status: Resolution
    resolution_notes: None | str | Unset = UNSET
    resolved_by: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        resolution_status: str = self.resolution_status

        resolution_notes: None | str | Unset
        if isinstance(self.resolution_notes, Unset):
            resolution_notes = UNSET
        else:
            resolution_notes = self.resolution_notes

        resolved_by: None | str | Unset
        if isinstance(self.resolved_by, Unset):
            resolved_by = UNSET
        else:
            resolved_by = self.resolved_by

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "resolution_status": resolution_status,
            }
        )
        if resolution_notes is not UNSET:
            field_dict["resolution_notes"] = resolution_notes
        if resolved_by is not UNSET:
            field_dict["resolved_by"] = resolved_by

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        resolution_status = check_resolution(d.pop("resolution_status"))

        def _parse_resolution_notes(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        resolution_notes = _parse_resolution_notes(d.pop("resolution_notes", UNSET))

        def _parse_resolved_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        resolved_by = _parse_resolved_by(d.pop("resolved_by", UNSET))

        dlq_update = cls(
            resolution_status=resolution_status,
            resolution_notes=resolution_notes,
            resolved_by=resolved_by,
        )

        return dlq_update
