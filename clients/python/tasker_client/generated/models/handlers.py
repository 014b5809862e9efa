from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.namespace_handlers import NamespaceHandlers


T = TypeVar("T", bound="Handlers")


@_attrs_define
class Handlers:
    """The names of all templates, by namespace.

    Attributes:
        generated_at (datetime.datetime): When this was read.
        namespaces (list[NamespaceHandlers]): The namespaces, sorted by name.
        total_namespaces (int): The number of namespaces.
    """

    generated_at: datetime.datetime
    namespaces: list[NamespaceHandlers]
    total_namespaces: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        generated_at = self.generated_at.isoformat()

        namespaces = []
        for namespaces_item_data in self.namespaces:
            namespaces_item = namespaces_item_data.to_dict()
            namespaces.append(namespaces_item)

        total_namespaces = self.total_namespaces

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "generated_at": generated_at,
                "namespaces": namespaces,
                "total_namespaces": total_namespaces,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.namespace_handlers import NamespaceHandlers

        d = dict(src_dict)
        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        namespaces = []
        _namespaces = d.pop("namespaces")
        for namespaces_item_data in _namespaces:
            namespaces_item = NamespaceHandlers.from_dict(namespaces_item_data)

            namespaces.append(namespaces_item)

        total_namespaces = d.pop("total_namespaces")

        handlers = cls(
            generated_at=generated_at,
            namespaces=namespaces,
            total_namespaces=total_namespaces,
        )

        handlers.additional_properties = d
        return handlers

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
