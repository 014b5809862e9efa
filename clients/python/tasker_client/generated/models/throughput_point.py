from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="ThroughputPoint")


@_attrs_define
class ThroughputPoint:
    """A point of a series: what happened from its time until the next point.

    Attributes:
        at (datetime.datetime): Its time.
        completed (int): The tasks that completed.
        created (int): The tasks that were created.
        failed (int): The tasks that ended in `error` or were blocked by failures.
        step_attempts (int): The attempts of steps that ended.
        step_failures (int): The attempts of steps that failed.
    """

    at: datetime.datetime
    completed: int
    created: int
    failed: int
    step_attempts: int
    step_failures: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        completed = self.completed

        created = self.created

        failed = self.failed

        step_attempts = self.step_attempts

        step_failures = self.step_failures

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "completed": completed,
                "created": created,
                "failed": failed,
                "step_attempts": step_attempts,
                "step_failures": step_failures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        completed = d.pop("completed")

        created = d.pop("created")

        failed = d.pop("failed")

        step_attempts = d.pop("step_attempts")

        step_failures = d.pop("step_failures")

        throughput_point = cls(
            at=at,
            completed=completed,
            created=created,
            failed=failed,
            step_attempts=step_attempts,
            step_failures=step_failures,
        )

        throughput_point.additional_properties = d
        return throughput_point

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
