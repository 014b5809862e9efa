from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="StepCounts")


@_attrs_define
class StepCounts:
    """The number of a task's steps by state.

    Attributes:
        failed (int): Failed for good, or cancelled with their batch.
        retrying (int): Waiting for a retry.
        running (int): Enqueued or in progress.
        satisfied (int): Complete or resolved manually.
        total (int): All steps created so far.
        isolated (int | Unset): Failed for good and isolated: their batch continues without them.
    """

    failed: int
    retrying: int
    running: int
    satisfied: int
    total: int
    isolated: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        failed = self.failed

        retrying = self.retrying

        running = self.running

        satisfied = self.satisfied

        total = self.total

        isolated = self.isolated

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "failed": failed,
                "retrying": retrying,
                "running": running,
                "satisfied": satisfied,
                "total": total,
            }
        )
        if isolated is not UNSET:
            field_dict["isolated"] = isolated

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        failed = d.pop("failed")

        retrying = d.pop("retrying")

        running = d.pop("running")

        satisfied = d.pop("satisfied")

        total = d.pop("total")

        isolated = d.pop("isolated", UNSET)

        step_counts = cls(
            failed=failed,
            retrying=retrying,
            running=running,
            satisfied=satisfied,
            total=total,
            isolated=isolated,
        )

        step_counts.additional_properties = d
        return step_counts

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
