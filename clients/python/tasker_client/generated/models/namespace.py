from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="Namespace")


@_attrs_define
class Namespace:
    """A namespace.

    Attributes:
        capped (bool): Whether one of these numbers is higher than that.
        created_24h (int): The number of its tasks created in the last 24 hours, at most 10,000.
        handler_count (int): The number of different handlers of steps in all versions of its templates.
        name (str): Its name.
        open_tasks (int): The number of its tasks that have not ended, at most 10,000.
        template_count (int): The number of its templates.
    """

    capped: bool
    created_24h: int
    handler_count: int
    name: str
    open_tasks: int
    template_count: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        capped = self.capped

        created_24h = self.created_24h

        handler_count = self.handler_count

        name = self.name

        open_tasks = self.open_tasks

        template_count = self.template_count

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "capped": capped,
                "created_24h": created_24h,
                "handler_count": handler_count,
                "name": name,
                "open_tasks": open_tasks,
                "template_count": template_count,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        capped = d.pop("capped")

        created_24h = d.pop("created_24h")

        handler_count = d.pop("handler_count")

        name = d.pop("name")

        open_tasks = d.pop("open_tasks")

        template_count = d.pop("template_count")

        namespace = cls(
            capped=capped,
            created_24h=created_24h,
            handler_count=handler_count,
            name=name,
            open_tasks=open_tasks,
            template_count=template_count,
        )

        namespace.additional_properties = d
        return namespace

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
