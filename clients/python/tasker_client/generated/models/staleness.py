from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Staleness")


@_attrs_define
class Staleness:
    """A task that has not ended, and the time since its last event.

    Attributes:
        health_status (str): `healthy` below 80 % of the threshold, then `warning`; `stale` from the threshold on.
        is_overdue (bool): Whether the task has exceeded its template's `max_duration_minutes`.
        minutes_in_state (float): The time since the task's last event, in minutes.
        minutes_since_creation (float): The time since the task's creation, in minutes.
        name (str): The name of its template.
        namespace (str): The namespace of its template.
        status (str): The state of the task.
        task_id (UUID): The task.
        threshold_minutes (float | None | Unset): The maximum of that time, in minutes.
    """

    health_status: str
    is_overdue: bool
    minutes_in_state: float
    minutes_since_creation: float
    name: str
    namespace: str
    status: str
    task_id: UUID
    threshold_minutes: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        health_status = self.health_status

        is_overdue = self.is_overdue

        minutes_in_state = self.minutes_in_state

        minutes_since_creation = self.minutes_since_creation

        name = self.name

        namespace = self.namespace

        status = self.status

        task_id = str(self.task_id)

        threshold_minutes: float | None | Unset
        if isinstance(self.threshold_minutes, Unset):
            threshold_minutes = UNSET
        else:
            threshold_minutes = self.threshold_minutes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "health_status": health_status,
                "is_overdue": is_overdue,
                "minutes_in_state": minutes_in_state,
                "minutes_since_creation": minutes_since_creation,
                "name": name,
                "namespace": namespace,
                "status": status,
                "task_id": task_id,
            }
        )
        if threshold_minutes is not UNSET:
            field_dict["threshold_minutes"] = threshold_minutes

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        health_status = d.pop("health_status")

        is_overdue = d.pop("is_overdue")

        minutes_in_state = d.pop("minutes_in_state")

        minutes_since_creation = d.pop("minutes_since_creation")

        name = d.pop("name")

        namespace = d.pop("namespace")

        status = d.pop("status")

        task_id = UUID(d.pop("task_id"))

        def _parse_threshold_minutes(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        threshold_minutes = _parse_threshold_minutes(d.pop("threshold_minutes", UNSET))

        staleness = cls(
            health_status=health_status,
            is_overdue=is_overdue,
            minutes_in_state=minutes_in_state,
            minutes_since_creation=minutes_since_creation,
            name=name,
            namespace=namespace,
            status=status,
            task_id=task_id,
            threshold_minutes=threshold_minutes,
        )

        staleness.additional_properties = d
        return staleness

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
