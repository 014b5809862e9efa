from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.blocker import Blocker


T = TypeVar("T", bound="GraphAnalysis")


@_attrs_define
class GraphAnalysis:
    """What follows from a graph.

    Attributes:
        blocked_by (list[Blocker]): The steps that failed for good and keep others from running.
        critical_path (list[str]): The chain of steps that took longest, up to now. In a template: the chain with the
            most steps.
        execution_order (list[str]): The steps, each after all that it depends on.
        leaves (list[str]): The steps that none depends on.
        parallel_branches (int): The number of steps of the widest level.
        ready (list[str]): The steps that are enqueued.
        roots (list[str]): The steps that depend on none.
        critical_path_seconds (float | None | Unset): How long these steps ran together, in seconds.
    """

    blocked_by: list[Blocker]
    critical_path: list[str]
    execution_order: list[str]
    leaves: list[str]
    parallel_branches: int
    ready: list[str]
    roots: list[str]
    critical_path_seconds: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        blocked_by = []
        for blocked_by_item_data in self.blocked_by:
            blocked_by_item = blocked_by_item_data.to_dict()
            blocked_by.append(blocked_by_item)

        critical_path = self.critical_path

        execution_order = self.execution_order

        leaves = self.leaves

        parallel_branches = self.parallel_branches

        ready = self.ready

        roots = self.roots

        critical_path_seconds: float | None | Unset
        if isinstance(self.critical_path_seconds, Unset):
            critical_path_seconds = UNSET
        else:
            critical_path_seconds = self.critical_path_seconds

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "blocked_by": blocked_by,
                "critical_path": critical_path,
                "execution_order": execution_order,
                "leaves": leaves,
                "parallel_branches": parallel_branches,
                "ready": ready,
                "roots": roots,
            }
        )
        if critical_path_seconds is not UNSET:
            field_dict["critical_path_seconds"] = critical_path_seconds

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.blocker import Blocker

        d = dict(src_dict)
        blocked_by = []
        _blocked_by = d.pop("blocked_by")
        for blocked_by_item_data in _blocked_by:
            blocked_by_item = Blocker.from_dict(blocked_by_item_data)

            blocked_by.append(blocked_by_item)

        critical_path = cast(list[str], d.pop("critical_path"))

        execution_order = cast(list[str], d.pop("execution_order"))

        leaves = cast(list[str], d.pop("leaves"))

        parallel_branches = d.pop("parallel_branches")

        ready = cast(list[str], d.pop("ready"))

        roots = cast(list[str], d.pop("roots"))

        def _parse_critical_path_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        critical_path_seconds = _parse_critical_path_seconds(
            d.pop("critical_path_seconds", UNSET)
        )

        graph_analysis = cls(
            blocked_by=blocked_by,
            critical_path=critical_path,
            execution_order=execution_order,
            leaves=leaves,
            parallel_branches=parallel_branches,
            ready=ready,
            roots=roots,
            critical_path_seconds=critical_path_seconds,
        )

        graph_analysis.additional_properties = d
        return graph_analysis

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
