from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.graph_kind import GraphKind, check_graph_kind
from ..models.graph_mode import GraphMode, check_graph_mode

if TYPE_CHECKING:
    from ..models.drawn_edge import DrawnEdge
    from ..models.drawn_node import DrawnNode
    from ..models.graph_analysis import GraphAnalysis


T = TypeVar("T", bound="DrawnGraph")


@_attrs_define
class DrawnGraph:
    """A graph with a place for each step and a line for each dependency, from left to right. Lengths are pixels, from the
    top
    left corner.

        Attributes:
            analysis (GraphAnalysis): What follows from a graph.
            edges (list[DrawnEdge]): The dependencies.
            height (float): The height of the drawing.
            kind (GraphKind): What a graph shows.
            mode (GraphMode): How a graph was laid out.
            nodes (list[DrawnNode]): The steps of the template, in its order. The workers of a batch are one node.
            width (float): The width of the drawing.
    """

    analysis: GraphAnalysis
    edges: list[DrawnEdge]
    height: float
    kind: GraphKind
    mode: GraphMode
    nodes: list[DrawnNode]
    width: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        analysis = self.analysis.to_dict()

        edges = []
        for edges_item_data in self.edges:
            edges_item = edges_item_data.to_dict()
            edges.append(edges_item)

        height = self.height

        kind: str = self.kind

        mode: str = self.mode

        nodes = []
        for nodes_item_data in self.nodes:
            nodes_item = nodes_item_data.to_dict()
            nodes.append(nodes_item)

        width = self.width

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "analysis": analysis,
                "edges": edges,
                "height": height,
                "kind": kind,
                "mode": mode,
                "nodes": nodes,
                "width": width,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.drawn_edge import DrawnEdge
        from ..models.drawn_node import DrawnNode
        from ..models.graph_analysis import GraphAnalysis

        d = dict(src_dict)
        analysis = GraphAnalysis.from_dict(d.pop("analysis"))

        edges = []
        _edges = d.pop("edges")
        for edges_item_data in _edges:
            edges_item = DrawnEdge.from_dict(edges_item_data)

            edges.append(edges_item)

        height = d.pop("height")

        kind = check_graph_kind(d.pop("kind"))

        mode = check_graph_mode(d.pop("mode"))

        nodes = []
        _nodes = d.pop("nodes")
        for nodes_item_data in _nodes:
            nodes_item = DrawnNode.from_dict(nodes_item_data)

            nodes.append(nodes_item)

        width = d.pop("width")

        drawn_graph = cls(
            analysis=analysis,
            edges=edges,
            height=height,
            kind=kind,
            mode=mode,
            nodes=nodes,
            width=width,
        )

        drawn_graph.additional_properties = d
        return drawn_graph

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
