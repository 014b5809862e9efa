from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.analytics_period import AnalyticsPeriod
    from ..models.recommendation import Recommendation
    from ..models.resource_utilization import ResourceUtilization
    from ..models.step_statistics import StepStatistics
    from ..models.task_statistics import TaskStatistics


T = TypeVar("T", bound="Bottlenecks")


@_attrs_define
class Bottlenecks:
    """What takes the time in a period.

    Attributes:
        as_of (datetime.datetime): Everything before is counted.
        lag_seconds (float): How long ago that is, in seconds.
        period (AnalyticsPeriod): The period that an analysis is about.
        recommendations (list[Recommendation]): What to do about it, the most urgent first.
        resource_utilization (ResourceUtilization): What is open, and what is in use. Of what belongs to no namespace,
            only those see anything who see all namespaces.
        slow_steps (list[StepStatistics]): The steps with the longest times, by p95.
        slow_tasks (list[TaskStatistics]): The templates with the longest times, by p95.
    """

    as_of: datetime.datetime
    lag_seconds: float
    period: AnalyticsPeriod
    recommendations: list[Recommendation]
    resource_utilization: ResourceUtilization
    slow_steps: list[StepStatistics]
    slow_tasks: list[TaskStatistics]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        as_of = self.as_of.isoformat()

        lag_seconds = self.lag_seconds

        period = self.period.to_dict()

        recommendations = []
        for recommendations_item_data in self.recommendations:
            recommendations_item = recommendations_item_data.to_dict()
            recommendations.append(recommendations_item)

        resource_utilization = self.resource_utilization.to_dict()

        slow_steps = []
        for slow_steps_item_data in self.slow_steps:
            slow_steps_item = slow_steps_item_data.to_dict()
            slow_steps.append(slow_steps_item)

        slow_tasks = []
        for slow_tasks_item_data in self.slow_tasks:
            slow_tasks_item = slow_tasks_item_data.to_dict()
            slow_tasks.append(slow_tasks_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "as_of": as_of,
                "lag_seconds": lag_seconds,
                "period": period,
                "recommendations": recommendations,
                "resource_utilization": resource_utilization,
                "slow_steps": slow_steps,
                "slow_tasks": slow_tasks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.analytics_period import AnalyticsPeriod
        from ..models.recommendation import Recommendation
        from ..models.resource_utilization import ResourceUtilization
        from ..models.step_statistics import StepStatistics
        from ..models.task_statistics import TaskStatistics

        d = dict(src_dict)
        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        lag_seconds = d.pop("lag_seconds")

        period = AnalyticsPeriod.from_dict(d.pop("period"))

        recommendations = []
        _recommendations = d.pop("recommendations")
        for recommendations_item_data in _recommendations:
            recommendations_item = Recommendation.from_dict(recommendations_item_data)

            recommendations.append(recommendations_item)

        resource_utilization = ResourceUtilization.from_dict(
            d.pop("resource_utilization")
        )

        slow_steps = []
        _slow_steps = d.pop("slow_steps")
        for slow_steps_item_data in _slow_steps:
            slow_steps_item = StepStatistics.from_dict(slow_steps_item_data)

            slow_steps.append(slow_steps_item)

        slow_tasks = []
        _slow_tasks = d.pop("slow_tasks")
        for slow_tasks_item_data in _slow_tasks:
            slow_tasks_item = TaskStatistics.from_dict(slow_tasks_item_data)

            slow_tasks.append(slow_tasks_item)

        bottlenecks = cls(
            as_of=as_of,
            lag_seconds=lag_seconds,
            period=period,
            recommendations=recommendations,
            resource_utilization=resource_utilization,
            slow_steps=slow_steps,
            slow_tasks=slow_tasks,
        )

        bottlenecks.additional_properties = d
        return bottlenecks

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
