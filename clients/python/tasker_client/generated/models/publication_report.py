from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.published_part import PublishedPart


T = TypeVar("T", bound="PublicationReport")


@_attrs_define
class PublicationReport:
    """What a publication did, or would do.

    Attributes:
        missing_components (list[str]): The digests of the components whose bytes are not in the blob store. Nothing is
            published while there are any.
        templates (list[PublishedPart]): The templates, in the bundle's order.
        triggers (list[PublishedPart]): The triggers, in the bundle's order.
    """

    missing_components: list[str]
    templates: list[PublishedPart]
    triggers: list[PublishedPart]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        missing_components = self.missing_components

        templates = []
        for templates_item_data in self.templates:
            templates_item = templates_item_data.to_dict()
            templates.append(templates_item)

        triggers = []
        for triggers_item_data in self.triggers:
            triggers_item = triggers_item_data.to_dict()
            triggers.append(triggers_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "missing_components": missing_components,
                "templates": templates,
                "triggers": triggers,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.published_part import PublishedPart

        d = dict(src_dict)
        missing_components = cast(list[str], d.pop("missing_components"))

        templates = []
        _templates = d.pop("templates")
        for templates_item_data in _templates:
            templates_item = PublishedPart.from_dict(templates_item_data)

            templates.append(templates_item)

        triggers = []
        _triggers = d.pop("triggers")
        for triggers_item_data in _triggers:
            triggers_item = PublishedPart.from_dict(triggers_item_data)

            triggers.append(triggers_item)

        publication_report = cls(
            missing_components=missing_components,
            templates=templates,
            triggers=triggers,
        )

        publication_report.additional_properties = d
        return publication_report

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
