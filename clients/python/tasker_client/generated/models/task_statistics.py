from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.quantiles import Quantiles


T = TypeVar("T", bound="TaskStatistics")


@_attrs_define
class TaskStatistics:
    """The tasks of a template, all versions together.

    Attributes:
        blocked (int): How often a task was blocked by failures.
        cancelled (int): The tasks that were cancelled.
        completed (int): The tasks that completed.
        created (int): The tasks that were created.
        error_rate (float): The part, of the tasks that ended or were blocked, that failed or were blocked.
        failed (int): The tasks that ended in `error`.
        max_duration_seconds (float): The longest time, in seconds.
        name (str): The name of the template.
        namespace (str): The namespace of the template.
        resolved (int): The tasks that were resolved by hand.
        versions (list[str]): Its versions.
        average_duration_seconds (float | None | Unset): The average time from creation to completion, in seconds.
        average_step_count (float | None | Unset): The steps that succeeded, for each completed task.
        duration (None | Quantiles | Unset):
        last_seen_at (datetime.datetime | None | Unset): The beginning of the last bucket in which a task was created or
            ended.
    """

    blocked: int
    cancelled: int
    completed: int
    created: int
    error_rate: float
    failed: int
    max_duration_seconds: float
    name: str
    namespace: str
    resolved: int
    versions: list[str]
    average_duration_seconds: float | None | Unset = UNSET
    average_step_count: float | None | Unset = UNSET
    duration: None | Quantiles | Unset = UNSET
    last_seen_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.quantiles import Quantiles

        blocked = self.blocked

        cancelled = self.cancelled

        completed = self.completed

        created = self.created

        error_rate = self.error_rate

        failed = self.failed

        max_duration_seconds = self.max_duration_seconds

        name = self.name

        namespace = self.namespace

        resolved = self.resolved

        versions = self.versions

        average_duration_seconds: float | None | Unset
        if isinstance(self.average_duration_seconds, Unset):
            average_duration_seconds = UNSET
        else:
            average_duration_seconds = self.average_duration_seconds

        average_step_count: float | None | Unset
        if isinstance(self.average_step_count, Unset):
            average_step_count = UNSET
        else:
            average_step_count = self.average_step_count

        duration: dict[str, Any] | None | Unset
        if isinstance(self.duration, Unset):
            duration = UNSET
        elif isinstance(self.duration, Quantiles):
            duration = self.duration.to_dict()
        else:
            duration = self.duration

        last_seen_at: None | str | Unset
        if isinstance(self.last_seen_at, Unset):
            last_seen_at = UNSET
        elif isinstance(self.last_seen_at, datetime.datetime):
            last_seen_at = self.last_seen_at.isoformat()
        else:
            last_seen_at = self.last_seen_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "blocked": blocked,
                "cancelled": cancelled,
                "completed": completed,
                "created": created,
                "error_rate": error_rate,
                "failed": failed,
                "max_duration_seconds": max_duration_seconds,
                "name": name,
                "namespace": namespace,
                "resolved": resolved,
                "versions": versions,
            }
        )
        if average_duration_seconds is not UNSET:
            field_dict["average_duration_seconds"] = average_duration_seconds
        if average_step_count is not UNSET:
            field_dict["average_step_count"] = average_step_count
        if duration is not UNSET:
            field_dict["duration"] = duration
        if last_seen_at is not UNSET:
            field_dict["last_seen_at"] = last_seen_at

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.quantiles import Quantiles

        d = dict(src_dict)
        blocked = d.pop("blocked")

        cancelled = d.pop("cancelled")

        completed = d.pop("completed")

        created = d.pop("created")

        error_rate = d.pop("error_rate")

        failed = d.pop("failed")

        max_duration_seconds = d.pop("max_duration_seconds")

        name = d.pop("name")

        namespace = d.pop("namespace")

        resolved = d.pop("resolved")

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

        def _parse_average_step_count(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        average_step_count = _parse_average_step_count(
            d.pop("average_step_count", UNSET)
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

        def _parse_last_seen_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                last_seen_at_type_0 = datetime.datetime.fromisoformat(data)

                return last_seen_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        last_seen_at = _parse_last_seen_at(d.pop("last_seen_at", UNSET))

        task_statistics = cls(
            blocked=blocked,
            cancelled=cancelled,
            completed=completed,
            created=created,
            error_rate=error_rate,
            failed=failed,
            max_duration_seconds=max_duration_seconds,
            name=name,
            namespace=namespace,
            resolved=resolved,
            versions=versions,
            average_duration_seconds=average_duration_seconds,
            average_step_count=average_step_count,
            duration=duration,
            last_seen_at=last_seen_at,
        )

        task_statistics.additional_properties = d
        return task_statistics

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
