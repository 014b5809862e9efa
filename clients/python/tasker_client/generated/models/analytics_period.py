from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AnalyticsPeriod")


@_attrs_define
class AnalyticsPeriod:
    """The period that an analysis is about.

    Attributes:
        bucket_minutes (int): The length of the buckets that were added up: 1, 60 or 1440.
        from_ (datetime.datetime): Its beginning: the one that was asked for, rounded down to whole buckets.
        to (datetime.datetime): Its end: the one that was asked for, rounded up to whole buckets, but not beyond now.
    """

    bucket_minutes: int
    from_: datetime.datetime
    to: datetime.datetime
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bucket_minutes = self.bucket_minutes

        from_ = self.from_.isoformat()

        to = self.to.isoformat()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "bucket_minutes": bucket_minutes,
                "from": from_,
                "to": to,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        bucket_minutes = d.pop("bucket_minutes")

        from_ = datetime.datetime.fromisoformat(d.pop("from"))

        to = datetime.datetime.fromisoformat(d.pop("to"))

        analytics_period = cls(
            bucket_minutes=bucket_minutes,
            from_=from_,
            to=to,
        )

        analytics_period.additional_properties = d
        return analytics_period

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
