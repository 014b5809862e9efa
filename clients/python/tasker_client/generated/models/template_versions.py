from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.template_version import TemplateVersion


T = TypeVar("T", bound="TemplateVersions")


@_attrs_define
class TemplateVersions:
    """The versions of a template.

    Attributes:
        capped (bool): Whether more than 10,000 tasks were created in the last 24 hours. Only the newest were counted.
        latest_version (str): The version that new tasks use.
        name (str): Its name.
        namespace (str): Its namespace.
        versions (list[TemplateVersion]): Its versions, the one that was published last first.
    """

    capped: bool
    latest_version: str
    name: str
    namespace: str
    versions: list[TemplateVersion]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        capped = self.capped

        latest_version = self.latest_version

        name = self.name

        namespace = self.namespace

        versions = []
        for versions_item_data in self.versions:
            versions_item = versions_item_data.to_dict()
            versions.append(versions_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "capped": capped,
                "latest_version": latest_version,
                "name": name,
                "namespace": namespace,
                "versions": versions,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.template_version import TemplateVersion

        d = dict(src_dict)
        capped = d.pop("capped")

        latest_version = d.pop("latest_version")

        name = d.pop("name")

        namespace = d.pop("namespace")

        versions = []
        _versions = d.pop("versions")
        for versions_item_data in _versions:
            versions_item = TemplateVersion.from_dict(versions_item_data)

            versions.append(versions_item)

        template_versions = cls(
            capped=capped,
            latest_version=latest_version,
            name=name,
            namespace=namespace,
            versions=versions,
        )

        template_versions.additional_properties = d
        return template_versions

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
