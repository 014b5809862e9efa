from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.step_template import StepTemplate


T = TypeVar("T", bound="HandlerVersionDetail")


@_attrs_define
class HandlerVersionDetail:
    """A version of a template.

    Attributes:
        full_name (str): Namespace, name and version: `namespace.name@version`.
        name (str): The name.
        namespace (str): The namespace.
        step_templates (list[StepTemplate]): The steps, in the template's order.
        version (str): The version.
        versions (list[str]): All versions of the template, oldest first.
        description (None | str | Unset): The description.
        input_schema (Any | Unset): JSON Schema of the input.
    """

    full_name: str
    name: str
    namespace: str
    step_templates: list[StepTemplate]
    version: str
    versions: list[str]
    description: None | str | Unset = UNSET
    input_schema: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        full_name = self.full_name

        name = self.name

        namespace = self.namespace

        step_templates = []
        for step_templates_item_data in self.step_templates:
            step_templates_item = step_templates_item_data.to_dict()
            step_templates.append(step_templates_item)

        version = self.version

        versions = self.versions

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        input_schema = self.input_schema

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "full_name": full_name,
                "name": name,
                "namespace": namespace,
                "step_templates": step_templates,
                "version": version,
                "versions": versions,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description
        if input_schema is not UNSET:
            field_dict["input_schema"] = input_schema

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.step_template import StepTemplate

        d = dict(src_dict)
        full_name = d.pop("full_name")

        name = d.pop("name")

        namespace = d.pop("namespace")

        step_templates = []
        _step_templates = d.pop("step_templates")
        for step_templates_item_data in _step_templates:
            step_templates_item = StepTemplate.from_dict(step_templates_item_data)

            step_templates.append(step_templates_item)

        version = d.pop("version")

        versions = cast(list[str], d.pop("versions"))

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        input_schema = d.pop("input_schema", UNSET)

        handler_version_detail = cls(
            full_name=full_name,
            name=name,
            namespace=namespace,
            step_templates=step_templates,
            version=version,
            versions=versions,
            description=description,
            input_schema=input_schema,
        )

        handler_version_detail.additional_properties = d
        return handler_version_detail

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
