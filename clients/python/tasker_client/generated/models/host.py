from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.host_presence import HostPresence, check_host_presence
from ..types import UNSET, Unset

T = TypeVar("T", bound="Host")


@_attrs_define
class Host:
    """A process that runs steps.

    Attributes:
        capacity (int): How many steps it runs at once, at most.
        compiles (bool): Whether it can compile components.
        components (int): How many components it had loaded.
        instance (UUID): The process.
        name (str): Its name. Several processes may have the same.
        platform (str): The operating system and the processor.
        release (str): The version of Tasker.
        running (int): How many it ran when it was last heard of.
        seen_at (datetime.datetime): When it was last heard of.
        started_at (datetime.datetime): When the process started.
        status (HostPresence): Whether a host is there.
        cpu_ms (int | None | Unset): The processor time of the process, in milliseconds, where its system tells.
        memory_bytes (int | None | Unset): The memory of the process, in bytes, where its system tells.
    """

    capacity: int
    compiles: bool
    components: int
    instance: UUID
    name: str
    platform: str
    release: str
    running: int
    seen_at: datetime.datetime
    started_at: datetime.datetime
    status: HostPresence
    cpu_ms: int | None | Unset = UNSET
    memory_bytes: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        capacity = self.capacity

        compiles = self.compiles

        components = self.components

        instance = str(self.instance)

        name = self.name

        platform = self.platform

        release = self.release

        running = self.running

        seen_at = self.seen_at.isoformat()

        started_at = self.started_at.isoformat()

        status: str = self.status

        cpu_ms: int | None | Unset
        if isinstance(self.cpu_ms, Unset):
            cpu_ms = UNSET
        else:
            cpu_ms = self.cpu_ms

        memory_bytes: int | None | Unset
        if isinstance(self.memory_bytes, Unset):
            memory_bytes = UNSET
        else:
            memory_bytes = self.memory_bytes

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "capacity": capacity,
                "compiles": compiles,
                "components": components,
                "instance": instance,
                "name": name,
                "platform": platform,
                "release": release,
                "running": running,
                "seen_at": seen_at,
                "started_at": started_at,
                "status": status,
            }
        )
        if cpu_ms is not UNSET:
            field_dict["cpu_ms"] = cpu_ms
        if memory_bytes is not UNSET:
            field_dict["memory_bytes"] = memory_bytes

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        capacity = d.pop("capacity")

        compiles = d.pop("compiles")

        components = d.pop("components")

        instance = UUID(d.pop("instance"))

        name = d.pop("name")

        platform = d.pop("platform")

        release = d.pop("release")

        running = d.pop("running")

        seen_at = datetime.datetime.fromisoformat(d.pop("seen_at"))

        started_at = datetime.datetime.fromisoformat(d.pop("started_at"))

        status = check_host_presence(d.pop("status"))

        def _parse_cpu_ms(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        cpu_ms = _parse_cpu_ms(d.pop("cpu_ms", UNSET))

        def _parse_memory_bytes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        memory_bytes = _parse_memory_bytes(d.pop("memory_bytes", UNSET))

        host = cls(
            capacity=capacity,
            compiles=compiles,
            components=components,
            instance=instance,
            name=name,
            platform=platform,
            release=release,
            running=running,
            seen_at=seen_at,
            started_at=started_at,
            status=status,
            cpu_ms=cpu_ms,
            memory_bytes=memory_bytes,
        )

        host.additional_properties = d
        return host

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
