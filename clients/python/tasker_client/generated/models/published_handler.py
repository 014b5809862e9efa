from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="PublishedHandler")


@_attrs_define
class PublishedHandler:
    """A handler of a component, as the component describes it.

    Attributes:
        name (str): Its name.
        description (str | Unset): What it does.
        input_schema (Any | Unset): JSON Schema of its input.
        result_schema (Any | Unset): JSON Schema of its result.
    """

    name: str
    description: str | Unset = UNSET
    input_schema: Any | Unset = UNSET
    result_schema: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        description = self.description

        input_schema = self.input_schema

        result_schema = self.result_schema

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if input_schema is not UNSET:
            field_dict["input_schema"] = input_schema
        if result_schema is not UNSET:
            field_dict["result_schema"] = result_schema

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        description = d.pop("description", UNSET)

        input_schema = d.pop("input_schema", UNSET)

        result_schema = d.pop("result_schema", UNSET)

        published_handler = cls(
            name=name,
            description=description,
            input_schema=input_schema,
            result_schema=result_schema,
        )

        published_handler.additional_properties = d
        return published_handler

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
