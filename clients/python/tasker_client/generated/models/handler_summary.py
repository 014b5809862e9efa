from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="HandlerSummary")


@_attrs_define
class HandlerSummary:
    """A handler that templates can use.

    Attributes:
        callable_ (str): The name that templates use.
        component (str): The component that contains it: the SHA-256 of its bytes.
        description (str): The handler's description.
        function (str): Its name in that component.
        published_at (datetime.datetime): When it was published.
        version (int): The current version.
        input_schema (Any | Unset): JSON Schema of its input.
        result_schema (Any | Unset): JSON Schema of its result.
        templates (list[str] | Unset): The templates with a step that uses it, in any version, as `namespace/name`; at
            most 100. Only those that the caller may read.
    """

    callable_: str
    component: str
    description: str
    function: str
    published_at: datetime.datetime
    version: int
    input_schema: Any | Unset = UNSET
    result_schema: Any | Unset = UNSET
    templates: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        callable_ = self.callable_

        component = self.component

        description = self.description

        function = self.function

        published_at = self.published_at.isoformat()

        version = self.version

        input_schema = self.input_schema

        result_schema = self.result_schema

        templates: list[str] | Unset = UNSET
        if not isinstance(self.templates, Unset):
            templates = self.templates

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "callable": callable_,
                "component": component,
                "description": description,
                "function": function,
                "published_at": published_at,
                "version": version,
            }
        )
        if input_schema is not UNSET:
            field_dict["input_schema"] = input_schema
        if result_schema is not UNSET:
            field_dict["result_schema"] = result_schema
        if templates is not UNSET:
            field_dict["templates"] = templates

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        callable_ = d.pop("callable")

        component = d.pop("component")

        description = d.pop("description")

        function = d.pop("function")

        published_at = datetime.datetime.fromisoformat(d.pop("published_at"))

        version = d.pop("version")

        input_schema = d.pop("input_schema", UNSET)

        result_schema = d.pop("result_schema", UNSET)

        templates = cast(list[str], d.pop("templates", UNSET))

        handler_summary = cls(
            callable_=callable_,
            component=component,
            description=description,
            function=function,
            published_at=published_at,
            version=version,
            input_schema=input_schema,
            result_schema=result_schema,
            templates=templates,
        )

        handler_summary.additional_properties = d
        return handler_summary

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
