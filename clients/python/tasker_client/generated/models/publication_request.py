from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.component_publication import ComponentPublication
    from ..models.publication_request_aliases import PublicationRequestAliases


T = TypeVar("T", bound="PublicationRequest")


@_attrs_define
class PublicationRequest:
    """What to publish. Parts that are published already, with the same content, stay as they are.

    Attributes:
        aliases (PublicationRequestAliases | Unset): Additional names of handlers: from the name to the handler, or to
            `<digest>/<handler>`.
        components (list[ComponentPublication] | Unset): The components, whose bytes are in the blob store, and their
            handlers.
        promote (bool | Unset): Whether new tasks use the published versions of handlers, which needs
            `handlers:promote`. A handler that has no version
            yet is used in any case.
        templates (list[Any] | Unset): The templates, as in their files.
        triggers (list[Any] | Unset): The triggers, as in their files.
    """

    aliases: PublicationRequestAliases | Unset = UNSET
    components: list[ComponentPublication] | Unset = UNSET
    promote: bool | Unset = UNSET
    templates: list[Any] | Unset = UNSET
    triggers: list[Any] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        aliases: dict[str, Any] | Unset = UNSET
        if not isinstance(self.aliases, Unset):
            aliases = self.aliases.to_dict()

        components: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.components, Unset):
            components = []
            for components_item_data in self.components:
                components_item = components_item_data.to_dict()
                components.append(components_item)

        promote = self.promote

        templates: list[Any] | Unset = UNSET
        if not isinstance(self.templates, Unset):
            templates = self.templates

        triggers: list[Any] | Unset = UNSET
        if not isinstance(self.triggers, Unset):
            triggers = self.triggers

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if aliases is not UNSET:
            field_dict["aliases"] = aliases
        if components is not UNSET:
            field_dict["components"] = components
        if promote is not UNSET:
            field_dict["promote"] = promote
        if templates is not UNSET:
            field_dict["templates"] = templates
        if triggers is not UNSET:
            field_dict["triggers"] = triggers

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.component_publication import ComponentPublication
        from ..models.publication_request_aliases import PublicationRequestAliases

        d = dict(src_dict)
        _aliases = d.pop("aliases", UNSET)
        aliases: PublicationRequestAliases | Unset
        if isinstance(_aliases, Unset):
            aliases = UNSET
        else:
            aliases = PublicationRequestAliases.from_dict(_aliases)

        _components = d.pop("components", UNSET)
        components: list[ComponentPublication] | Unset = UNSET
        if _components is not UNSET:
            components = []
            for components_item_data in _components:
                components_item = ComponentPublication.from_dict(components_item_data)

                components.append(components_item)

        promote = d.pop("promote", UNSET)

        templates = cast(list[Any], d.pop("templates", UNSET))

        triggers = cast(list[Any], d.pop("triggers", UNSET))

        publication_request = cls(
            aliases=aliases,
            components=components,
            promote=promote,
            templates=templates,
            triggers=triggers,
        )

        return publication_request
