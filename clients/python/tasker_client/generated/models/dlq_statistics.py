from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DlqStatistics")


@_attrs_define
class DlqStatistics:
    """The number of entries for one reason.

    Attributes:
        cancelled (int): The number cancelled with their task.
        dlq_reason (str): The reason.
        manually_resolved (int): The number resolved by an operator or by the task's completion.
        pending (int): The number of unresolved entries.
        permanently_failed (int): The number given up.
        total (int): The number of all entries.
        average_resolution_minutes (float | None | Unset): The average time to resolution, in minutes.
        oldest_pending (datetime.datetime | None | Unset): When the oldest unresolved entry was created.
    """

    cancelled: int
    dlq_reason: str
    manually_resolved: int
    pending: int
    permanently_failed: int
    total: int
    average_resolution_minutes: float | None | Unset = UNSET
    oldest_pending: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cancelled = self.cancelled

        dlq_reason = self.dlq_reason

        manually_resolved = self.manually_resolved

        pending = self.pending

        permanently_failed = self.permanently_failed

        total = self.total

        average_resolution_minutes: float | None | Unset
        if isinstance(self.average_resolution_minutes, Unset):
            average_resolution_minutes = UNSET
        else:
            average_resolution_minutes = self.average_resolution_minutes

        oldest_pending: None | str | Unset
        if isinstance(self.oldest_pending, Unset):
            oldest_pending = UNSET
        elif isinstance(self.oldest_pending, datetime.datetime):
            oldest_pending = self.oldest_pending.isoformat()
        else:
            oldest_pending = self.oldest_pending

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cancelled": cancelled,
                "dlq_reason": dlq_reason,
                "manually_resolved": manually_resolved,
                "pending": pending,
                "permanently_failed": permanently_failed,
                "total": total,
            }
        )
        if average_resolution_minutes is not UNSET:
            field_dict["average_resolution_minutes"] = average_resolution_minutes
        if oldest_pending is not UNSET:
            field_dict["oldest_pending"] = oldest_pending

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cancelled = d.pop("cancelled")

        dlq_reason = d.pop("dlq_reason")

        manually_resolved = d.pop("manually_resolved")

        pending = d.pop("pending")

        permanently_failed = d.pop("permanently_failed")

        total = d.pop("total")

        def _parse_average_resolution_minutes(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        average_resolution_minutes = _parse_average_resolution_minutes(
            d.pop("average_resolution_minutes", UNSET)
        )

        def _parse_oldest_pending(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                oldest_pending_type_0 = datetime.datetime.fromisoformat(data)

                return oldest_pending_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        oldest_pending = _parse_oldest_pending(d.pop("oldest_pending", UNSET))

        dlq_statistics = cls(
            cancelled=cancelled,
            dlq_reason=dlq_reason,
            manually_resolved=manually_resolved,
            pending=pending,
            permanently_failed=permanently_failed,
            total=total,
            average_resolution_minutes=average_resolution_minutes,
            oldest_pending=oldest_pending,
        )

        dlq_statistics.additional_properties = d
        return dlq_statistics

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
