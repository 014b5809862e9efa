from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.edge_kind import EdgeKind, check_edge_kind
from ..types import UNSET, Unset

T = TypeVar("T", bound="DrawnEdge")


@_attrs_define
class DrawnEdge:
    """A dependency in a drawing.

    Attributes:
        from_ (str): The step that must complete first.
        kind (EdgeKind): The kind of a dependency.
        points (list[list[float]]): The corners of its line, from the first step's border to the other's.
        to (str): The step that depends on it.
        taken (bool | None | Unset): Whether the task takes this way: both steps were created, or one will never be.
            None while that is open.
    """

    from_: str
    kind: EdgeKind
    points: list[list[float]]
    to: str
    taken: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from_ = self.from_

        kind: str = self.kind

        points = []
        for points_item_data in self.points:
            points_item = points_item_data

            points.append(points_item)

        to = self.to

        taken: bool | None | Unset
        if isinstance(self.taken, Unset):
            taken = UNSET
        else:
            taken = self.taken

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "from": from_,
                "kind": kind,
                "points": points,
                "to": to,
            }
        )
        if taken is not UNSET:
            field_dict["taken"] = taken

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        from_ = d.pop("from")

        kind = check_edge_kind(d.pop("kind"))

        points = []
        _points = d.pop("points")
        for points_item_data in _points:
            points_item = cast(list[float], points_item_data)

            points.append(points_item)

        to = d.pop("to")

        def _parse_taken(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        taken = _parse_taken(d.pop("taken", UNSET))

        drawn_edge = cls(
            from_=from_,
            kind=kind,
            points=points,
            to=to,
            taken=taken,
        )

        drawn_edge.additional_properties = d
        return drawn_edge

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
