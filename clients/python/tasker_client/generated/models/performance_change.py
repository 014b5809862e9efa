from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PerformanceChange")


@_attrs_define
class PerformanceChange:
    """How the figures have changed, as a part of those before: 0.1 is 10 % more. None where there was nothing before.

    Attributes:
        error_rate (float | None | Unset): Of the part of tasks that failed or were blocked.
        step_p95 (float | None | Unset): Of the time that 95 of 100 executions do not exceed.
        steps_per_hour (float | None | Unset): Of the steps that succeeded in an hour.
        task_p95 (float | None | Unset): Of the time that 95 of 100 tasks do not exceed.
        tasks_per_hour (float | None | Unset): Of the tasks created in an hour.
    """

    error_rate: float | None | Unset = UNSET
    step_p95: float | None | Unset = UNSET
    steps_per_hour: float | None | Unset = UNSET
    task_p95: float | None | Unset = UNSET
    tasks_per_hour: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        error_rate: float | None | Unset
        if isinstance(self.error_rate, Unset):
            error_rate = UNSET
        else:
            error_rate = self.error_rate

        step_p95: float | None | Unset
        if isinstance(self.step_p95, Unset):
            step_p95 = UNSET
        else:
            step_p95 = self.step_p95

        steps_per_hour: float | None | Unset
        if isinstance(self.steps_per_hour, Unset):
            steps_per_hour = UNSET
        else:
            steps_per_hour = self.steps_per_hour

        task_p95: float | None | Unset
        if isinstance(self.task_p95, Unset):
            task_p95 = UNSET
        else:
            task_p95 = self.task_p95

        tasks_per_hour: float | None | Unset
        if isinstance(self.tasks_per_hour, Unset):
            tasks_per_hour = UNSET
        else:
            tasks_per_hour = self.tasks_per_hour

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if error_rate is not UNSET:
            field_dict["error_rate"] = error_rate
        if step_p95 is not UNSET:
            field_dict["step_p95"] = step_p95
        if steps_per_hour is not UNSET:
            field_dict["steps_per_hour"] = steps_per_hour
        if task_p95 is not UNSET:
            field_dict["task_p95"] = task_p95
        if tasks_per_hour is not UNSET:
            field_dict["tasks_per_hour"] = tasks_per_hour

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)

        def _parse_error_rate(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        error_rate = _parse_error_rate(d.pop("error_rate", UNSET))

        def _parse_step_p95(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        step_p95 = _parse_step_p95(d.pop("step_p95", UNSET))

        def _parse_steps_per_hour(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        steps_per_hour = _parse_steps_per_hour(d.pop("steps_per_hour", UNSET))

        def _parse_task_p95(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        task_p95 = _parse_task_p95(d.pop("task_p95", UNSET))

        def _parse_tasks_per_hour(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        tasks_per_hour = _parse_tasks_per_hour(d.pop("tasks_per_hour", UNSET))

        performance_change = cls(
            error_rate=error_rate,
            step_p95=step_p95,
            steps_per_hour=steps_per_hour,
            task_p95=task_p95,
            tasks_per_hour=tasks_per_hour,
        )

        performance_change.additional_properties = d
        return performance_change

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
