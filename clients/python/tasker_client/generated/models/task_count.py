from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.task_group import TaskGroup


T = TypeVar("T", bound="TaskCount")


@_attrs_define
class TaskCount:
    """The number of tasks that match a filter.

    Attributes:
        capped (bool): Whether there are more. Only the newest were counted.
        count (int): Their number, at most 10,000.
        groups (list[TaskGroup] | Unset): The number of each group, the largest first.
    """

    capped: bool
    count: int
    groups: list[TaskGroup] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        capped = self.capped

        count = self.count

        groups: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.groups, Unset):
            groups = []
            for groups_item_data in self.groups:
                groups_item = groups_item_data.to_dict()
                groups.append(groups_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "capped": capped,
                "count": count,
            }
        )
        if groups is not UNSET:
            field_dict["groups"] = groups

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.task_group import TaskGroup

        d = dict(src_dict)
        capped = d.pop("capped")

        count = d.pop("count")

        _groups = d.pop("groups", UNSET)
        groups: list[TaskGroup] | Unset = UNSET
        if _groups is not UNSET:
            groups = []
            for groups_item_data in _groups:
                groups_item = TaskGroup.from_dict(groups_item_data)

                groups.append(groups_item)

        task_count = cls(
            capped=capped,
            count=count,
            groups=groups,
        )

        task_count.additional_properties = d
        return task_count

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
