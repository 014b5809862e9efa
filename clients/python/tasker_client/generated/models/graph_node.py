from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="GraphNode")


@_attrs_define
class GraphNode:
    """A step in a dependency graph.

    Attributes:
        handler (str): The callable of its handler.
        id (str): The name of the step.
        level (int): The length of the longest path to it.
        name (str): The same, for people.
        type_ (str): The type of the step.
    """

    handler: str
    id: str
    level: int
    name: str
    type_: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        handler = self.handler

        id = self.id

        level = self.level

        name = self.name

        type_ = self.type_

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "handler": handler,
                "id": id,
                "level": level,
                "name": name,
                "type": type_,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        handler = d.pop("handler")

        id = d.pop("id")

        level = d.pop("level")

        name = d.pop("name")

        type_ = d.pop("type")

        graph_node = cls(
            handler=handler,
            id=id,
            level=level,
            name=name,
            type_=type_,
        )

        graph_node.additional_properties = d
        return graph_node

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
