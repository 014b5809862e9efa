from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.analytics_period import AnalyticsPeriod
    from ..models.throughput_series import ThroughputSeries


T = TypeVar("T", bound="Throughput")


@_attrs_define
class Throughput:
    """What happened over time.

    Attributes:
        as_of (datetime.datetime): Everything before is counted.
        interval_minutes (int): The time between two points, in minutes.
        lag_seconds (float): How long ago that is, in seconds.
        period (AnalyticsPeriod): The period that an analysis is about.
        series (list[ThroughputSeries]): The series: one, or one of each template, the one with most tasks first.
    """

    as_of: datetime.datetime
    interval_minutes: int
    lag_seconds: float
    period: AnalyticsPeriod
    series: list[ThroughputSeries]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        as_of = self.as_of.isoformat()

        interval_minutes = self.interval_minutes

        lag_seconds = self.lag_seconds

        period = self.period.to_dict()

        series = []
        for series_item_data in self.series:
            series_item = series_item_data.to_dict()
            series.append(series_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "as_of": as_of,
                "interval_minutes": interval_minutes,
                "lag_seconds": lag_seconds,
                "period": period,
                "series": series,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.analytics_period import AnalyticsPeriod
        from ..models.throughput_series import ThroughputSeries

        d = dict(src_dict)
        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        interval_minutes = d.pop("interval_minutes")

        lag_seconds = d.pop("lag_seconds")

        period = AnalyticsPeriod.from_dict(d.pop("period"))

        series = []
        _series = d.pop("series")
        for series_item_data in _series:
            series_item = ThroughputSeries.from_dict(series_item_data)

            series.append(series_item)

        throughput = cls(
            as_of=as_of,
            interval_minutes=interval_minutes,
            lag_seconds=lag_seconds,
            period=period,
            series=series,
        )

        throughput.additional_properties = d
        return throughput

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
