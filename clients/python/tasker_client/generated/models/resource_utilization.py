from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.queue_depth import QueueDepth
    from ..models.resource_utilization_open_steps import ResourceUtilizationOpenSteps
    from ..models.resource_utilization_open_tasks import ResourceUtilizationOpenTasks


T = TypeVar("T", bound="ResourceUtilization")


@_attrs_define
class ResourceUtilization:
    """What is open, and what is in use. Of what belongs to no namespace, only those see anything who see all namespaces.

    Attributes:
        open_steps (ResourceUtilizationOpenSteps): The steps that are enqueued, in progress or waiting for a retry, by
            state: at most 100,000 together.
        open_tasks (ResourceUtilizationOpenTasks): The open tasks by state, at most 100,000 of each.
        queues (list[QueueDepth]): How much waits in the queues.
        database_connections_max (int | None | Unset): The most that it may have.
        database_connections_used (int | None | Unset): The connections of the server that answers, to the database,
            that are in use.
        worker_capacity (int | None | Unset): How many steps the hosts that are there run at once, at most.
        worker_running (int | None | Unset): How many they ran when they were last heard of.
        workers_present (int | None | Unset): The hosts that are there.
        workers_silent (int | None | Unset): The hosts that have said nothing for a minute and a half.
    """

    open_steps: ResourceUtilizationOpenSteps
    open_tasks: ResourceUtilizationOpenTasks
    queues: list[QueueDepth]
    database_connections_max: int | None | Unset = UNSET
    database_connections_used: int | None | Unset = UNSET
    worker_capacity: int | None | Unset = UNSET
    worker_running: int | None | Unset = UNSET
    workers_present: int | None | Unset = UNSET
    workers_silent: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        open_steps = self.open_steps.to_dict()

        open_tasks = self.open_tasks.to_dict()

        queues = []
        for queues_item_data in self.queues:
            queues_item = queues_item_data.to_dict()
            queues.append(queues_item)

        database_connections_max: int | None | Unset
        if isinstance(self.database_connections_max, Unset):
            database_connections_max = UNSET
        else:
            database_connections_max = self.database_connections_max

        database_connections_used: int | None | Unset
        if isinstance(self.database_connections_used, Unset):
            database_connections_used = UNSET
        else:
            database_connections_used = self.database_connections_used

        worker_capacity: int | None | Unset
        if isinstance(self.worker_capacity, Unset):
            worker_capacity = UNSET
        else:
            worker_capacity = self.worker_capacity

        worker_running: int | None | Unset
        if isinstance(self.worker_running, Unset):
            worker_running = UNSET
        else:
            worker_running = self.worker_running

        workers_present: int | None | Unset
        if isinstance(self.workers_present, Unset):
            workers_present = UNSET
        else:
            workers_present = self.workers_present

        workers_silent: int | None | Unset
        if isinstance(self.workers_silent, Unset):
            workers_silent = UNSET
        else:
            workers_silent = self.workers_silent

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "open_steps": open_steps,
                "open_tasks": open_tasks,
                "queues": queues,
            }
        )
        if database_connections_max is not UNSET:
            field_dict["database_connections_max"] = database_connections_max
        if database_connections_used is not UNSET:
            field_dict["database_connections_used"] = database_connections_used
        if worker_capacity is not UNSET:
            field_dict["worker_capacity"] = worker_capacity
        if worker_running is not UNSET:
            field_dict["worker_running"] = worker_running
        if workers_present is not UNSET:
            field_dict["workers_present"] = workers_present
        if workers_silent is not UNSET:
            field_dict["workers_silent"] = workers_silent

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.queue_depth import QueueDepth
        from ..models.resource_utilization_open_steps import (
            ResourceUtilizationOpenSteps,
        )
        from ..models.resource_utilization_open_tasks import (
            ResourceUtilizationOpenTasks,
        )

        d = dict(src_dict)
        open_steps = ResourceUtilizationOpenSteps.from_dict(d.pop("open_steps"))

        open_tasks = ResourceUtilizationOpenTasks.from_dict(d.pop("open_tasks"))

        queues = []
        _queues = d.pop("queues")
        for queues_item_data in _queues:
            queues_item = QueueDepth.from_dict(queues_item_data)

            queues.append(queues_item)

        def _parse_database_connections_max(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        database_connections_max = _parse_database_connections_max(
            d.pop("database_connections_max", UNSET)
        )

        def _parse_database_connections_used(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        database_connections_used = _parse_database_connections_used(
            d.pop("database_connections_used", UNSET)
        )

        def _parse_worker_capacity(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        worker_capacity = _parse_worker_capacity(d.pop("worker_capacity", UNSET))

        def _parse_worker_running(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        worker_running = _parse_worker_running(d.pop("worker_running", UNSET))

        def _parse_workers_present(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        workers_present = _parse_workers_present(d.pop("workers_present", UNSET))

        def _parse_workers_silent(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        workers_silent = _parse_workers_silent(d.pop("workers_silent", UNSET))

        resource_utilization = cls(
            open_steps=open_steps,
            open_tasks=open_tasks,
            queues=queues,
            database_connections_max=database_connections_max,
            database_connections_used=database_connections_used,
            worker_capacity=worker_capacity,
            worker_running=worker_running,
            workers_present=workers_present,
            workers_silent=workers_silent,
        )

        resource_utilization.additional_properties = d
        return resource_utilization

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
