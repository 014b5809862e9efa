from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.published_handler import PublishedHandler


T = TypeVar("T", bound="ComponentPublication")


@_attrs_define
class ComponentPublication:
    """A component to publish.

    Attributes:
        digest (str): Lower-case hexadecimal SHA-256 of its bytes.
        handlers (list[PublishedHandler]): Its handlers.
        size_bytes (int): Its size in bytes.
    """

    digest: str
    handlers: list[PublishedHandler]
    size_bytes: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        digest = self.digest

        handlers = []
        for handlers_item_data in self.handlers:
            handlers_item = handlers_item_data.to_dict()
            handlers.append(handlers_item)

        size_bytes = self.size_bytes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "digest": digest,
                "handlers": handlers,
                "size_bytes": size_bytes,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.published_handler import PublishedHandler

        d = dict(src_dict)
        digest = d.pop("digest")

        handlers = []
        _handlers = d.pop("handlers")
        for handlers_item_data in _handlers:
            handlers_item = PublishedHandler.from_dict(handlers_item_data)

            handlers.append(handlers_item)

        size_bytes = d.pop("size_bytes")

        component_publication = cls(
            digest=digest,
            handlers=handlers,
            size_bytes=size_bytes,
        )

        component_publication.additional_properties = d
        return component_publication

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
