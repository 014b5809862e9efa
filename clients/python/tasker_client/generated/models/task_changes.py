from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.task_summary import TaskSummary


T = TypeVar("T", bound="TaskChanges")


@_attrs_define
class TaskChanges:
    """What a followed list sends.

    Attributes:
        tasks (list[TaskSummary]): Tasks of the list that are new or have changed.
        unmatched (list[UUID] | Unset): Tasks that have changed and do not match the filters, but may have before.
    """

    tasks: list[TaskSummary]
    unmatched: list[UUID] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        tasks = []
        for tasks_item_data in self.tasks:
            tasks_item = tasks_item_data.to_dict()
            tasks.append(tasks_item)

        unmatched: list[str] | Unset = UNSET
        if not isinstance(self.unmatched, Unset):
            unmatched = []
            for unmatched_item_data in self.unmatched:
                unmatched_item = str(unmatched_item_data)
                unmatched.append(unmatched_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "tasks": tasks,
            }
        )
        if unmatched is not UNSET:
            field_dict["unmatched"] = unmatched

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.task_summary import TaskSummary

        d = dict(src_dict)
        tasks = []
        _tasks = d.pop("tasks")
        for tasks_item_data in _tasks:
            tasks_item = TaskSummary.from_dict(tasks_item_data)

            tasks.append(tasks_item)

        _unmatched = d.pop("unmatched", UNSET)
        unmatched: list[UUID] | Unset = UNSET
        if _unmatched is not UNSET:
            unmatched = []
            for unmatched_item_data in _unmatched:
                unmatched_item = UUID(unmatched_item_data)

                unmatched.append(unmatched_item)

        task_changes = cls(
            tasks=tasks,
            unmatched=unmatched,
        )

        task_changes.additional_properties = d
        return task_changes

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
