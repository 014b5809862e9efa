from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.handler_overview import HandlerOverview


T = TypeVar("T", bound="HandlersOfNamespace")


@_attrs_define
class HandlersOfNamespace:
    """The templates of a namespace.

    Attributes:
        generated_at (datetime.datetime): When this was read.
        handlers (list[HandlerOverview]): Its templates, sorted by name.
        namespace (str): The namespace.
        total_handlers (int): Their number.
    """

    generated_at: datetime.datetime
    handlers: list[HandlerOverview]
    namespace: str
    total_handlers: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        generated_at = self.generated_at.isoformat()

        handlers = []
        for handlers_item_data in self.handlers:
            handlers_item = handlers_item_data.to_dict()
            handlers.append(handlers_item)

        namespace = self.namespace

        total_handlers = self.total_handlers

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "generated_at": generated_at,
                "handlers": handlers,
                "namespace": namespace,
                "total_handlers": total_handlers,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.handler_overview import HandlerOverview

        d = dict(src_dict)
        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        handlers = []
        _handlers = d.pop("handlers")
        for handlers_item_data in _handlers:
            handlers_item = HandlerOverview.from_dict(handlers_item_data)

            handlers.append(handlers_item)

        namespace = d.pop("namespace")

        total_handlers = d.pop("total_handlers")

        handlers_of_namespace = cls(
            generated_at=generated_at,
            handlers=handlers,
            namespace=namespace,
            total_handlers=total_handlers,
        )

        handlers_of_namespace.additional_properties = d
        return handlers_of_namespace

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
