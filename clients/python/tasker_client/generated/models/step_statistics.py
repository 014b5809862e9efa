from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.quantiles import Quantiles


T = TypeVar("T", bound="StepStatistics")


@_attrs_define
class StepStatistics:
    """The executions of a step of a template, all versions together.

    Attributes:
        checkpoint_count (int): The checkpoints that were saved.
        cpu_seconds (float): The computing time of all executions, in seconds.
        error_count (int): Those that failed.
        error_rate (float): The part of the attempts that failed.
        execution_count (int): The attempts that ended.
        given_up (int): The failures that no further attempt followed.
        lost (int): The attempts whose host fell silent.
        max_duration_seconds (float): The longest time, in seconds.
        name (str): The name of the template.
        namespace (str): The namespace of the template.
        over_limit (int): The attempts that exceeded another limit.
        peak_memory_bytes (int): The highest peak memory, in bytes.
        permanent_failures (int): The attempts that failed for good.
        retry_count (int): The retries that became due.
        retryable_failures (int): The attempts that failed and may succeed when repeated.
        share_of_task_time (float): The time of all its executions, as a part of the time of all completed tasks of the
            template from creation to end. Steps
            that run in parallel may exceed 1 together.
        step (str): The step as the template names it. All workers of a batch share it.
        timeouts (int): The attempts that exceeded their time.
        versions (list[str]): The versions of the template that ran it.
        average_duration_seconds (float | None | Unset): The average time of an execution, in seconds.
        average_wait_seconds (float | None | Unset): The average time from enqueued to started, in seconds.
        duration (None | Quantiles | Unset):
        last_executed_at (datetime.datetime | None | Unset): When an execution last ended, started or became due.
        wait (None | Quantiles | Unset):
    """

    checkpoint_count: int
    cpu_seconds: float
    error_count: int
    error_rate: float
    execution_count: int
    given_up: int
    lost: int
    max_duration_seconds: float
    name: str
    namespace: str
    over_limit: int
    peak_memory_bytes: int
    permanent_failures: int
    retry_count: int
    retryable_failures: int
    share_of_task_time: float
    step: str
    timeouts: int
    versions: list[str]
    average_duration_seconds: float | None | Unset = UNSET
    average_wait_seconds: float | None | Unset = UNSET
    duration: None | Quantiles | Unset = UNSET
    last_executed_at: datetime.datetime | None | Unset = UNSET
    wait: None | Quantiles | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.quantiles import Quantiles

        checkpoint_count = self.checkpoint_count

        cpu_seconds = self.cpu_seconds

        error_count = self.error_count

        error_rate = self.error_rate

        execution_count = self.execution_count

        given_up = self.given_up

        lost = self.lost

        max_duration_seconds = self.max_duration_seconds

        name = self.name

        namespace = self.namespace

        over_limit = self.over_limit

        peak_memory_bytes = self.peak_memory_bytes

        permanent_failures = self.permanent_failures

        retry_count = self.retry_count

        retryable_failures = self.retryable_failures

        share_of_task_time = self.share_of_task_time

        step = self.step

        timeouts = self.timeouts

        versions = self.versions

        average_duration_seconds: float | None | Unset
        if isinstance(self.average_duration_seconds, Unset):
            average_duration_seconds = UNSET
        else:
            average_duration_seconds = self.average_duration_seconds

        average_wait_seconds: float | None | Unset
        if isinstance(self.average_wait_seconds, Unset):
            average_wait_seconds = UNSET
        else:
            average_wait_seconds = self.average_wait_seconds

        duration: dict[str, Any] | None | Unset
        if isinstance(self.duration, Unset):
            duration = UNSET
        elif isinstance(self.duration, Quantiles):
            duration = self.duration.to_dict()
        else:
            duration = self.duration

        last_executed_at: None | str | Unset
        if isinstance(self.last_executed_at, Unset):
            last_executed_at = UNSET
        elif isinstance(self.last_executed_at, datetime.datetime):
            last_executed_at = self.last_executed_at.isoformat()
        else:
            last_executed_at = self.last_executed_at

        wait: dict[str, Any] | None | Unset
        if isinstance(self.wait, Unset):
            wait = UNSET
        elif isinstance(self.wait, Quantiles):
            wait = self.wait.to_dict()
        else:
            wait = self.wait

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "checkpoint_count": checkpoint_count,
                "cpu_seconds": cpu_seconds,
                "error_count": error_count,
                "error_rate": error_rate,
                "execution_count": execution_count,
                "given_up": given_up,
                "lost": lost,
                "max_duration_seconds": max_duration_seconds,
                "name": name,
                "namespace": namespace,
                "over_limit": over_limit,
                "peak_memory_bytes": peak_memory_bytes,
                "permanent_failures": permanent_failures,
                "retry_count": retry_count,
                "retryable_failures": retryable_failures,
                "share_of_task_time": share_of_task_time,
                "step": step,
                "timeouts": timeouts,
                "versions": versions,
            }
        )
        if average_duration_seconds is not UNSET:
            field_dict["average_duration_seconds"] = average_duration_seconds
        if average_wait_seconds is not UNSET:
            field_dict["average_wait_seconds"] = average_wait_seconds
        if duration is not UNSET:
            field_dict["duration"] = duration
        if last_executed_at is not UNSET:
            field_dict["last_executed_at"] = last_executed_at
        if wait is not UNSET:
            field_dict["wait"] = wait

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.quantiles import Quantiles

        d = dict(src_dict)
        checkpoint_count = d.pop("checkpoint_count")

        cpu_seconds = d.pop("cpu_seconds")

        error_count = d.pop("error_count")

        error_rate = d.pop("error_rate")

        execution_count = d.pop("execution_count")

        given_up = d.pop("given_up")

        lost = d.pop("lost")

        max_duration_seconds = d.pop("max_duration_seconds")

        name = d.pop("name")

        namespace = d.pop("namespace")

        over_limit = d.pop("over_limit")

        peak_memory_bytes = d.pop("peak_memory_bytes")

        permanent_failures = d.pop("permanent_failures")

        retry_count = d.pop("retry_count")

        retryable_failures = d.pop("retryable_failures")

        share_of_task_time = d.pop("share_of_task_time")

        step = d.pop("step")

        timeouts = d.pop("timeouts")

        versions = cast(list[str], d.pop("versions"))

        def _parse_average_duration_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        average_duration_seconds = _parse_average_duration_seconds(
            d.pop("average_duration_seconds", UNSET)
        )

        def _parse_average_wait_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        average_wait_seconds = _parse_average_wait_seconds(
            d.pop("average_wait_seconds", UNSET)
        )

        def _parse_duration(data: object) -> None | Quantiles | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                duration_type_0 = Quantiles.from_dict(data)

                return duration_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Quantiles | Unset, data)

        duration = _parse_duration(d.pop("duration", UNSET))

        def _parse_last_executed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_executed_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_executed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        last_executed_at = _parse_last_executed_at(d.pop("last_executed_at", UNSET))

        def _parse_wait(data: object) -> None | Quantiles | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                wait_type_0 = Quantiles.from_dict(data)

                return wait_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Quantiles | Unset, data)

        wait = _parse_wait(d.pop("wait", UNSET))

        step_statistics = cls(
            checkpoint_count=checkpoint_count,
            cpu_seconds=cpu_seconds,
            error_count=error_count,
            error_rate=error_rate,
            execution_count=execution_count,
            given_up=given_up,
            lost=lost,
            max_duration_seconds=max_duration_seconds,
            name=name,
            namespace=namespace,
            over_limit=over_limit,
            peak_memory_bytes=peak_memory_bytes,
            permanent_failures=permanent_failures,
            retry_count=retry_count,
            retryable_failures=retryable_failures,
            share_of_task_time=share_of_task_time,
            step=step,
            timeouts=timeouts,
            versions=versions,
            average_duration_seconds=average_duration_seconds,
            average_wait_seconds=average_wait_seconds,
            duration=duration,
            last_executed_at=last_executed_at,
            wait=wait,
        )

        step_statistics.additional_properties = d
        return step_statistics

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
