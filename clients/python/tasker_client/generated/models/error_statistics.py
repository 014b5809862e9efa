from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ErrorStatistics")


@_attrs_define
class ErrorStatistics:
    """The failures of a step with a type, all versions together.

    Attributes:
        count (int): How many attempts failed with it.
        error_type (str): The type of the failures. `other` counts every type after the first fifty of a step in a
            bucket.
        first_seen_at (datetime.datetime): The day (UTC) on which it was first seen, as far as history is kept.
        last_seen_at (datetime.datetime): When it was last seen.
        name (str): The name of the template.
        namespace (str): The namespace of the template.
        previous_count (int): How many in the period of the same length before.
        sample_tasks (list[UUID]): Tasks in which it was last seen, at most five.
        since_version (str): The first published version of the template that it was seen in.
        step (str): The step.
        trend (float | None | Unset): How that has changed: 0.1 is 10 % more. None: there were none before.
    """

    count: int
    error_type: str
    first_seen_at: datetime.datetime
    last_seen_at: datetime.datetime
    name: str
    namespace: str
    previous_count: int
    sample_tasks: list[UUID]
    since_version: str
    step: str
    trend: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        count = self.count

        error_type = self.error_type

        first_seen_at = self.first_seen_at.isoformat()

        last_seen_at = self.last_seen_at.isoformat()

        name = self.name

        namespace = self.namespace

        previous_count = self.previous_count

        sample_tasks = []
        for sample_tasks_item_data in self.sample_tasks:
            sample_tasks_item = str(sample_tasks_item_data)
            sample_tasks.append(sample_tasks_item)

        since_version = self.since_version

        step = self.step

        trend: float | None | Unset
        if isinstance(self.trend, Unset):
            trend = UNSET
        else:
            trend = self.trend

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "count": count,
                "error_type": error_type,
                "first_seen_at": first_seen_at,
                "last_seen_at": last_seen_at,
                "name": name,
                "namespace": namespace,
                "previous_count": previous_count,
                "sample_tasks": sample_tasks,
                "since_version": since_version,
                "step": step,
            }
        )
        if trend is not UNSET:
            field_dict["trend"] = trend

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        count = d.pop("count")

        error_type = d.pop("error_type")

        first_seen_at = datetime.datetime.fromisoformat(d.pop("first_seen_at"))

        last_seen_at = datetime.datetime.fromisoformat(d.pop("last_seen_at"))

        name = d.pop("name")

        namespace = d.pop("namespace")

        previous_count = d.pop("previous_count")

        sample_tasks = []
        _sample_tasks = d.pop("sample_tasks")
        for sample_tasks_item_data in _sample_tasks:
            sample_tasks_item = UUID(sample_tasks_item_data)

            sample_tasks.append(sample_tasks_item)

        since_version = d.pop("since_version")

        step = d.pop("step")

        def _parse_trend(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        trend = _parse_trend(d.pop("trend", UNSET))

        error_statistics = cls(
            count=count,
            error_type=error_type,
            first_seen_at=first_seen_at,
            last_seen_at=last_seen_at,
            name=name,
            namespace=namespace,
            previous_count=previous_count,
            sample_tasks=sample_tasks,
            since_version=since_version,
            step=step,
            trend=trend,
        )

        error_statistics.additional_properties = d
        return error_statistics

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
