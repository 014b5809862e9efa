from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="HandlerOverview")


@_attrs_define
class HandlerOverview:
    """A template with its versions.

    Attributes:
        latest_version (str): The version that new tasks use.
        name (str): Its name.
        step_count (int): The number of its steps.
        step_names (list[str]): Their names, in the template's order.
        versions (list[str]): Its versions, oldest first.
        description (None | str | Unset): The description of that version.
    """

    latest_version: str
    name: str
    step_count: int
    step_names: list[str]
    versions: list[str]
    description: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        latest_version = self.latest_version

        name = self.name

        step_count = self.step_count

        step_names = self.step_names

        versions = self.versions

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "latest_version": latest_version,
                "name": name,
                "step_count": step_count,
                "step_names": step_names,
                "versions": versions,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        latest_version = d.pop("latest_version")

        name = d.pop("name")

        step_count = d.pop("step_count")

        step_names = cast(list[str], d.pop("step_names"))

        versions = cast(list[str], d.pop("versions"))

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        handler_overview = cls(
            latest_version=latest_version,
            name=name,
            step_count=step_count,
            step_names=step_names,
            versions=versions,
            description=description,
        )

        handler_overview.additional_properties = d
        return handler_overview

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
