from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="HandlerVersion")


@_attrs_define
class HandlerVersion:
    """A published version of a callable.

    Attributes:
        callable_ (str): The name that templates use.
        component (str): The component that contains it: the SHA-256 of its bytes.
        function (str): Its name in that component.
        is_current (bool): Whether new tasks use it.
        published_at (datetime.datetime): When it was published.
        version (int): The version number, from 1.
    """

    callable_: str
    component: str
    function: str
    is_current: bool
    published_at: datetime.datetime
    version: int
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        callable_ = self.callable_

        component = self.component

        function = self.function

        is_current = self.is_current

        published_at = self.published_at.isoformat()

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "callable": callable_,
                "component": component,
                "function": function,
                "is_current": is_current,
                "published_at": published_at,
                "version": version,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        callable_ = d.pop("callable")

        component = d.pop("component")

        function = d.pop("function")

        is_current = d.pop("is_current")

        published_at = datetime.datetime.fromisoformat(d.pop("published_at"))

        version = d.pop("version")

        handler_version = cls(
            callable_=callable_,
            component=component,
            function=function,
            is_current=is_current,
            published_at=published_at,
            version=version,
        )

        handler_version.additional_properties = d
        return handler_version

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
