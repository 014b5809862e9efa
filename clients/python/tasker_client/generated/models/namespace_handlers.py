from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="NamespaceHandlers")


@_attrs_define
class NamespaceHandlers:
    """The names of a namespace's templates.

    Attributes:
        handler_count (int): The number of its templates.
        handlers (list[str]): Their names, sorted.
        name (str): The namespace.
    """

    handler_count: int
    handlers: list[str]
    name: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        handler_count = self.handler_count

        handlers = self.handlers

        name = self.name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "handler_count": handler_count,
                "handlers": handlers,
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        handler_count = d.pop("handler_count")

        handlers = cast(list[str], d.pop("handlers"))

        name = d.pop("name")

        namespace_handlers = cls(
            handler_count=handler_count,
            handlers=handlers,
            name=name,
        )

        namespace_handlers.additional_properties = d
        return namespace_handlers

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
