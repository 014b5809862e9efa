from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.analytics_period import AnalyticsPeriod
    from ..models.health_part import HealthPart


T = TypeVar("T", bound="AnalyticsHealth")


@_attrs_define
class AnalyticsHealth:
    """The health, as a score and its parts. Of what belongs to no namespace, only those see anything who see all
    namespaces.

        Attributes:
            as_of (datetime.datetime): Everything before is counted.
            lag_seconds (float): How long ago that is, in seconds.
            parts (list[HealthPart]): The parts.
            period (AnalyticsPeriod): The period that an analysis is about.
            score (float): From 0 to 100: the mean of the parts by weight.
    """

    as_of: datetime.datetime
    lag_seconds: float
    parts: list[HealthPart]
    period: AnalyticsPeriod
    score: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        as_of = self.as_of.isoformat()

        lag_seconds = self.lag_seconds

        parts = []
        for parts_item_data in self.parts:
            parts_item = parts_item_data.to_dict()
            parts.append(parts_item)

        period = self.period.to_dict()

        score = self.score

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "as_of": as_of,
                "lag_seconds": lag_seconds,
                "parts": parts,
                "period": period,
                "score": score,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.analytics_period import AnalyticsPeriod
        from ..models.health_part import HealthPart

        d = dict(src_dict)
        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        lag_seconds = d.pop("lag_seconds")

        parts = []
        _parts = d.pop("parts")
        for parts_item_data in _parts:
            parts_item = HealthPart.from_dict(parts_item_data)

            parts.append(parts_item)

        period = AnalyticsPeriod.from_dict(d.pop("period"))

        score = d.pop("score")

        analytics_health = cls(
            as_of=as_of,
            lag_seconds=lag_seconds,
            parts=parts,
            period=period,
            score=score,
        )

        analytics_health.additional_properties = d
        return analytics_health

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
