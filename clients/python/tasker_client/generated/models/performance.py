from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.analytics_period import AnalyticsPeriod
    from ..models.performance_change import PerformanceChange
    from ..models.performance_figures import PerformanceFigures
    from ..models.quantiles import Quantiles


T = TypeVar("T", bound="Performance")


@_attrs_define
class Performance:
    """How much was done in a period, how fast and how well.

    Attributes:
        blocked_tasks (int): How often a task was blocked by failures.
        cancelled_tasks (int): The tasks that were cancelled.
        completed_tasks (int): The tasks that completed.
        completion_rate (float): The part of the ended tasks that completed.
        error_rate (float): The part, of the tasks that ended or were blocked, that failed or were blocked.
        failed_tasks (int): The tasks that ended in `error`.
        resolved_tasks (int): The tasks that were resolved by hand.
        step_attempts (int): The attempts of steps that ended.
        step_failures (int): The attempts of steps that failed.
        steps_per_hour (float): The steps that succeeded, for each hour of the period.
        tasks_per_hour (float): The tasks that were created, for each hour of the period.
        total_tasks (int): The tasks that were created.
        active_tasks (int): The tasks that are open now, at most 100,000.
        analysis_period_start (datetime.datetime): The beginning of the period.
        as_of (datetime.datetime): Everything before is counted.
        calculated_at (datetime.datetime): When this was calculated.
        change (PerformanceChange): How the figures have changed, as a part of those before: 0.1 is 10 % more. None
            where there was nothing before.
        lag_seconds (float): How long ago that is, in seconds.
        period (AnalyticsPeriod): The period that an analysis is about.
        previous (PerformanceFigures): The figures of a period.
        system_health_score (float): The score of the health, from 0 to 100.
        average_step_duration_seconds (float | None | Unset): The average time of an execution of a step, in seconds.
        average_task_duration_seconds (float | None | Unset): The average time from creation to completion, in seconds.
        step_duration (None | Quantiles | Unset):
        step_wait (None | Quantiles | Unset):
        task_duration (None | Quantiles | Unset):
    """

    blocked_tasks: int
    cancelled_tasks: int
    completed_tasks: int
    completion_rate: float
    error_rate: float
    failed_tasks: int
    resolved_tasks: int
    step_attempts: int
    step_failures: int
    steps_per_hour: float
    tasks_per_hour: float
    total_tasks: int
    active_tasks: int
    analysis_period_start: datetime.datetime
    as_of: datetime.datetime
    calculated_at: datetime.datetime
    change: PerformanceChange
    lag_seconds: float
    period: AnalyticsPeriod
    previous: PerformanceFigures
    system_health_score: float
    average_step_duration_seconds: float | None | Unset = UNSET
    average_task_duration_seconds: float | None | Unset = UNSET
    step_duration: None | Quantiles | Unset = UNSET
    step_wait: None | Quantiles | Unset = UNSET
    task_duration: None | Quantiles | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.quantiles import Quantiles

        blocked_tasks = self.blocked_tasks

        cancelled_tasks = self.cancelled_tasks

        completed_tasks = self.completed_tasks

        completion_rate = self.completion_rate

        error_rate = self.error_rate

        failed_tasks = self.failed_tasks

        resolved_tasks = self.resolved_tasks

        step_attempts = self.step_attempts

        step_failures = self.step_failures

        steps_per_hour = self.steps_per_hour

        tasks_per_hour = self.tasks_per_hour

        total_tasks = self.total_tasks

        active_tasks = self.active_tasks

        analysis_period_start = self.analysis_period_start.isoformat()

        as_of = self.as_of.isoformat()

        calculated_at = self.calculated_at.isoformat()

        change = self.change.to_dict()

        lag_seconds = self.lag_seconds

        period = self.period.to_dict()

        previous = self.previous.to_dict()

        system_health_score = self.system_health_score

        average_step_duration_seconds: float | None | Unset
        if isinstance(self.average_step_duration_seconds, Unset):
            average_step_duration_seconds = UNSET
        else:
            average_step_duration_seconds = self.average_step_duration_seconds

        average_task_duration_seconds: float | None | Unset
        if isinstance(self.average_task_duration_seconds, Unset):
            average_task_duration_seconds = UNSET
        else:
            average_task_duration_seconds = self.average_task_duration_seconds

        step_duration: dict[str, Any] | None | Unset
        if isinstance(self.step_duration, Unset):
            step_duration = UNSET
        elif isinstance(self.step_duration, Quantiles):
            step_duration = self.step_duration.to_dict()
        else:
            step_duration = self.step_duration

        step_wait: dict[str, Any] | None | Unset
        if isinstance(self.step_wait, Unset):
            step_wait = UNSET
        elif isinstance(self.step_wait, Quantiles):
            step_wait = self.step_wait.to_dict()
        else:
            step_wait = self.step_wait

        task_duration: dict[str, Any] | None | Unset
        if isinstance(self.task_duration, Unset):
            task_duration = UNSET
        elif isinstance(self.task_duration, Quantiles):
            task_duration = self.task_duration.to_dict()
        else:
            task_duration = self.task_duration

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "blocked_tasks": blocked_tasks,
                "cancelled_tasks": cancelled_tasks,
                "completed_tasks": completed_tasks,
                "completion_rate": completion_rate,
                "error_rate": error_rate,
                "failed_tasks": failed_tasks,
                "resolved_tasks": resolved_tasks,
                "step_attempts": step_attempts,
                "step_failures": step_failures,
                "steps_per_hour": steps_per_hour,
                "tasks_per_hour": tasks_per_hour,
                "total_tasks": total_tasks,
                "active_tasks": active_tasks,
                "analysis_period_start": analysis_period_start,
                "as_of": as_of,
                "calculated_at": calculated_at,
                "change": change,
                "lag_seconds": lag_seconds,
                "period": period,
                "previous": previous,
                "system_health_score": system_health_score,
            }
        )
        if average_step_duration_seconds is not UNSET:
            field_dict["average_step_duration_seconds"] = average_step_duration_seconds
        if average_task_duration_seconds is not UNSET:
            field_dict["average_task_duration_seconds"] = average_task_duration_seconds
        if step_duration is not UNSET:
            field_dict["step_duration"] = step_duration
        if step_wait is not UNSET:
            field_dict["step_wait"] = step_wait
        if task_duration is not UNSET:
            field_dict["task_duration"] = task_duration

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.analytics_period import AnalyticsPeriod
        from ..models.performance_change import PerformanceChange
        from ..models.performance_figures import PerformanceFigures
        from ..models.quantiles import Quantiles

        d = dict(src_dict)
        blocked_tasks = d.pop("blocked_tasks")

        cancelled_tasks = d.pop("cancelled_tasks")

        completed_tasks = d.pop("completed_tasks")

        completion_rate = d.pop("completion_rate")

        error_rate = d.pop("error_rate")

        failed_tasks = d.pop("failed_tasks")

        resolved_tasks = d.pop("resolved_tasks")

        step_attempts = d.pop("step_attempts")

        step_failures = d.pop("step_failures")

        steps_per_hour = d.pop("steps_per_hour")

        tasks_per_hour = d.pop("tasks_per_hour")

        total_tasks = d.pop("total_tasks")

        active_tasks = d.pop("active_tasks")

        analysis_period_start = datetime.datetime.fromisoformat(
            d.pop("analysis_period_start")
        )

        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        calculated_at = datetime.datetime.fromisoformat(d.pop("calculated_at"))

        change = PerformanceChange.from_dict(d.pop("change"))

        lag_seconds = d.pop("lag_seconds")

        period = AnalyticsPeriod.from_dict(d.pop("period"))

        previous = PerformanceFigures.from_dict(d.pop("previous"))

        system_health_score = d.pop("system_health_score")

        def _parse_average_step_duration_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        average_step_duration_seconds = _parse_average_step_duration_seconds(
            d.pop("average_step_duration_seconds", UNSET)
        )

        def _parse_average_task_duration_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        average_task_duration_seconds = _parse_average_task_duration_seconds(
            d.pop("average_task_duration_seconds", UNSET)
        )

        def _parse_step_duration(data: object) -> None | Quantiles | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                step_duration_type_0 = Quantiles.from_dict(data)

                return step_duration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Quantiles | Unset, data)

        step_duration = _parse_step_duration(d.pop("step_duration", UNSET))

        def _parse_step_wait(data: object) -> None | Quantiles | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                step_wait_type_0 = Quantiles.from_dict(data)

                return step_wait_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Quantiles | Unset, data)

        step_wait = _parse_step_wait(d.pop("step_wait", UNSET))

        def _parse_task_duration(data: object) -> None | Quantiles | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                task_duration_type_0 = Quantiles.from_dict(data)

                return task_duration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Quantiles | Unset, data)

        task_duration = _parse_task_duration(d.pop("task_duration", UNSET))

        performance = cls(
            blocked_tasks=blocked_tasks,
            cancelled_tasks=cancelled_tasks,
            completed_tasks=completed_tasks,
            completion_rate=completion_rate,
            error_rate=error_rate,
            failed_tasks=failed_tasks,
            resolved_tasks=resolved_tasks,
            step_attempts=step_attempts,
            step_failures=step_failures,
            steps_per_hour=steps_per_hour,
            tasks_per_hour=tasks_per_hour,
            total_tasks=total_tasks,
            active_tasks=active_tasks,
            analysis_period_start=analysis_period_start,
            as_of=as_of,
            calculated_at=calculated_at,
            change=change,
            lag_seconds=lag_seconds,
            period=period,
            previous=previous,
            system_health_score=system_health_score,
            average_step_duration_seconds=average_step_duration_seconds,
            average_task_duration_seconds=average_task_duration_seconds,
            step_duration=step_duration,
            step_wait=step_wait,
            task_duration=task_duration,
        )

        performance.additional_properties = d
        return performance

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
