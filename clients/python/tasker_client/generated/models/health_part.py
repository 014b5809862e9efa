from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="HealthPart")


@_attrs_define
class HealthPart:
    """A part of the health.

    Attributes:
        limit (float): The most that is good.
        name (str): `failures`, `backlog`, `staleness`, `dead_letters`, `workers` or `database`.
        reason (str): What the value is.
        score (float): From 0 to 100: 100 up to the limit, 0 from four times the limit on.
        value (float): What was found.
        weight (float): Its weight in the score.
    """

    limit: float
    name: str
    reason: str
    score: float
    value: float
    weight: float
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        limit = self.limit

        name = self.name

        reason = self.reason

        score = self.score

        value = self.value

        weight = self.weight

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "limit": limit,
                "name": name,
                "reason": reason,
                "score": score,
                "value": value,
                "weight": weight,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        limit = d.pop("limit")

        name = d.pop("name")

        reason = d.pop("reason")

        score = d.pop("score")

        value = d.pop("value")

        weight = d.pop("weight")

        health_part = cls(
            limit=limit,
            name=name,
            reason=reason,
            score=score,
            value=value,
            weight=weight,
        )

        health_part.additional_properties = d
        return health_part

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
