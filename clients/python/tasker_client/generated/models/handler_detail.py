from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.dependency_graph import DependencyGraph
    from ..models.handler_version_detail import HandlerVersionDetail


T = TypeVar("T", bound="HandlerDetail")


@_attrs_define
class HandlerDetail:
    """A template with its dependency graph.

    Attributes:
        dependency_graph (DependencyGraph): The dependency graph of a template.
        generated_at (datetime.datetime): When this was read.
        handler (HandlerVersionDetail): A version of a template.
    """

    dependency_graph: DependencyGraph
    generated_at: datetime.datetime
    handler: HandlerVersionDetail
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        dependency_graph = self.dependency_graph.to_dict()

        generated_at = self.generated_at.isoformat()

        handler = self.handler.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "dependency_graph": dependency_graph,
                "generated_at": generated_at,
                "handler": handler,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.dependency_graph import DependencyGraph
        from ..models.handler_version_detail import HandlerVersionDetail

        d = dict(src_dict)
        dependency_graph = DependencyGraph.from_dict(d.pop("dependency_graph"))

        generated_at = datetime.datetime.fromisoformat(d.pop("generated_at"))

        handler = HandlerVersionDetail.from_dict(d.pop("handler"))

        handler_detail = cls(
            dependency_graph=dependency_graph,
            generated_at=generated_at,
            handler=handler,
        )

        handler_detail.additional_properties = d
        return handler_detail

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
