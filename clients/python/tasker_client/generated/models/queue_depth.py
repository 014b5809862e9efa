from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="QueueDepth")


@_attrs_define
class QueueDepth:
    """How many messages a queue holds, approximately. Of a queue in PostgreSQL, only the oldest 100,000 are counted.

    Attributes:
        delayed (int): The messages that nobody may receive yet, such as timers of retries.
        in_flight (int): The messages that were received and are not acknowledged, or wait to be received again.
        name (str): `steps`, the work for hosts, or `reports`, what comes back from them.
        ready (int): The messages that wait to be received.
        oldest_seconds (float | None | Unset): For how long the oldest of those that wait has been there, in seconds.
            SQS does not tell.
    """

    delayed: int
    in_flight: int
    name: str
    ready: int
    oldest_seconds: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        delayed = self.delayed

        in_flight = self.in_flight

        name = self.name

        ready = self.ready

        oldest_seconds: float | None | Unset
        if isinstance(self.oldest_seconds, Unset):
            oldest_seconds = UNSET
        else:
            oldest_seconds = self.oldest_seconds

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "delayed": delayed,
                "in_flight": in_flight,
                "name": name,
                "ready": ready,
            }
        )
        if oldest_seconds is not UNSET:
            field_dict["oldest_seconds"] = oldest_seconds

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        delayed = d.pop("delayed")

        in_flight = d.pop("in_flight")

        name = d.pop("name")

        ready = d.pop("ready")

        def _parse_oldest_seconds(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        oldest_seconds = _parse_oldest_seconds(d.pop("oldest_seconds", UNSET))

        queue_depth = cls(
            delayed=delayed,
            in_flight=in_flight,
            name=name,
            ready=ready,
            oldest_seconds=oldest_seconds,
        )

        queue_depth.additional_properties = d
        return queue_depth

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
