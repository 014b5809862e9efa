from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.analytics_period import AnalyticsPeriod
    from ..models.task_statistics import TaskStatistics


T = TypeVar("T", bound="TaskTable")


@_attrs_define
class TaskTable:
    """The templates whose tasks were created or ended.

    Attributes:
        as_of (datetime.datetime): Everything before is counted.
        items (list[TaskStatistics]): The rows.
        lag_seconds (float): How long ago that is, in seconds.
        period (AnalyticsPeriod): The period that an analysis is about.
    """

    as_of: datetime.datetime
    items: list[TaskStatistics]
    lag_seconds: float
    period: AnalyticsPeriod
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        as_of = self.as_of.isoformat()

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        lag_seconds = self.lag_seconds

        period = self.period.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "as_of": as_of,
                "items": items,
                "lag_seconds": lag_seconds,
                "period": period,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.analytics_period import AnalyticsPeriod
        from ..models.task_statistics import TaskStatistics

        d = dict(src_dict)
        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = TaskStatistics.from_dict(items_item_data)

            items.append(items_item)

        lag_seconds = d.pop("lag_seconds")

        period = AnalyticsPeriod.from_dict(d.pop("period"))

        task_table = cls(
            as_of=as_of,
            items=items,
            lag_seconds=lag_seconds,
            period=period,
        )

        task_table.additional_properties = d
        return task_table

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
