from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.dependency_graph_levels import DependencyGraphLevels
    from ..models.graph_edge import GraphEdge
    from ..models.graph_node import GraphNode


T = TypeVar("T", bound="DependencyGraph")


@_attrs_define
class DependencyGraph:
    """The dependency graph of a template.

    Attributes:
        cycles (list[list[str]]): Always empty: a template with a cycle cannot be published.
        edges (list[GraphEdge]): The dependencies.
        execution_order (list[str]): The steps, each after all that it depends on.
        leaves (list[str]): The steps that none depends on.
        levels (DependencyGraphLevels): The steps of each level: the length of the longest path to them.
        nodes (list[GraphNode]): The steps, in the template's order.
        parallel_branches (int): The number of steps of the widest level.
        roots (list[str]): The steps that depend on none.
    """

    cycles: list[list[str]]
    edges: list[GraphEdge]
    execution_order: list[str]
    leaves: list[str]
    levels: DependencyGraphLevels
    nodes: list[GraphNode]
    parallel_branches: int
    roots: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cycles = []
        for cycles_item_data in self.cycles:
            cycles_item = cycles_item_data

            cycles.append(cycles_item)

        edges = []
        for edges_item_data in self.edges:
            edges_item = edges_item_data.to_dict()
            edges.append(edges_item)

        execution_order = self.execution_order

        leaves = self.leaves

        levels = self.levels.to_dict()

        nodes = []
        for nodes_item_data in self.nodes:
            nodes_item = nodes_item_data.to_dict()
            nodes.append(nodes_item)

        parallel_branches = self.parallel_branches

        roots = self.roots

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cycles": cycles,
                "edges": edges,
                "execution_order": execution_order,
                "leaves": leaves,
                "levels": levels,
                "nodes": nodes,
                "parallel_branches": parallel_branches,
                "roots": roots,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.dependency_graph_levels import DependencyGraphLevels
        from ..models.graph_edge import GraphEdge
        from ..models.graph_node import GraphNode

        d = dict(src_dict)
        cycles = []
        _cycles = d.pop("cycles")
        for cycles_item_data in _cycles:
            cycles_item = cast(list[str], cycles_item_data)

            cycles.append(cycles_item)

        edges = []
        _edges = d.pop("edges")
        for edges_item_data in _edges:
            edges_item = GraphEdge.from_dict(edges_item_data)

            edges.append(edges_item)

        execution_order = cast(list[str], d.pop("execution_order"))

        leaves = cast(list[str], d.pop("leaves"))

        levels = DependencyGraphLevels.from_dict(d.pop("levels"))

        nodes = []
        _nodes = d.pop("nodes")
        for nodes_item_data in _nodes:
            nodes_item = GraphNode.from_dict(nodes_item_data)

            nodes.append(nodes_item)

        parallel_branches = d.pop("parallel_branches")

        roots = cast(list[str], d.pop("roots"))

        dependency_graph = cls(
            cycles=cycles,
            edges=edges,
            execution_order=execution_order,
            leaves=leaves,
            levels=levels,
            nodes=nodes,
            parallel_branches=parallel_branches,
            roots=roots,
        )

        dependency_graph.additional_properties = d
        return dependency_graph

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
