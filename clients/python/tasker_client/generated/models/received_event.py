from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.reception_state import ReceptionState, check_reception_state
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.started_task import StartedTask


T = TypeVar("T", bound="ReceivedEvent")


@_attrs_define
class ReceivedEvent:
    """A received event and its result.

    Attributes:
        id (str): The id of the event at its source.
        received_at (datetime.datetime): When its first copy was received.
        received_id (UUID): The id of the event, derived from its source and id.
        source (str): The source of the event.
        state (ReceptionState): The state of a received event.
        tasks (list[StartedTask]): The tasks that it started.
        type_ (str): The type of the event.
        event (Any | Unset): The event itself, only in responses about one event.
        reason (None | str | Unset): Why it is a dead letter, if it is one.
        replayed_at (datetime.datetime | None | Unset): When it was last replayed.
    """

    id: str
    received_at: datetime.datetime
    received_id: UUID
    source: str
    state: ReceptionState
    tasks: list[StartedTask]
    type_: str
    event: Any | Unset = UNSET
    reason: None | str | Unset = UNSET
    replayed_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        received_at = self.received_at.isoformat()

        received_id = str(self.received_id)

        source = self.source

        state: str = self.state

        tasks = []
        for tasks_item_data in self.tasks:
            tasks_item = tasks_item_data.to_dict()
            tasks.append(tasks_item)

        type_ = self.type_

        event = self.event

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        replayed_at: None | str | Unset
        if isinstance(self.replayed_at, Unset):
            replayed_at = UNSET
        elif isinstance(self.replayed_at, datetime.datetime):
            replayed_at = self.replayed_at.isoformat()
        else:
            replayed_at = self.replayed_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
                "received_at": received_at,
                "received_id": received_id,
                "source": source,
                "state": state,
                "tasks": tasks,
                "type": type_,
            }
        )
        if event is not UNSET:
            field_dict["event"] = event
        if reason is not UNSET:
            field_dict["reason"] = reason
        if replayed_at is not UNSET:
            field_dict["replayed_at"] = replayed_at

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.started_task import StartedTask

        d = dict(src_dict)
        id = d.pop("id")

        received_at = datetime.datetime.fromisoformat(d.pop("received_at"))

        received_id = UUID(d.pop("received_id"))

        source = d.pop("source")

        state = check_reception_state(d.pop("state"))

        tasks = []
        _tasks = d.pop("tasks")
        for tasks_item_data in _tasks:
            tasks_item = StartedTask.from_dict(tasks_item_data)

            tasks.append(tasks_item)

        type_ = d.pop("type")

        event = d.pop("event", UNSET)

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_replayed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                replayed_at_type_0 = datetime.datetime.fromisoformat(data)

                return replayed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        replayed_at = _parse_replayed_at(d.pop("replayed_at", UNSET))

        received_event = cls(
            id=id,
            received_at=received_at,
            received_id=received_id,
            source=source,
            state=state,
            tasks=tasks,
            type_=type_,
            event=event,
            reason=reason,
            replayed_at=replayed_at,
        )

        received_event.additional_properties = d
        return received_event

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
