from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.reception_state import ReceptionState, check_reception_state
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.started_task import StartedTask


T = TypeVar("T", bound="Reception")


@_attrs_define
class Reception:
    """The result of an event.

    Attributes:
        duplicate (bool): Whether the event was received before. Then this is the recorded result.
        id (str): The id of the event at its source.
        received_id (UUID): The id of the event, derived from its source and id.
        source (str): The source of the event.
        state (ReceptionState): The state of a received event.
        tasks (list[StartedTask]): The tasks that it started.
        reason (None | str | Unset): Why it is a dead letter, if it is one.
    """

    duplicate: bool
    id: str
    received_id: UUID
    source: str
    state: ReceptionState
    tasks: list[StartedTask]
    reason: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        duplicate = self.duplicate

        id = self.id

        received_id = str(self.received_id)

        source = self.source

        state: str = self.state

        tasks = []
        for tasks_item_data in self.tasks:
            tasks_item = tasks_item_data.to_dict()
            tasks.append(tasks_item)

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "duplicate": duplicate,
                "id": id,
                "received_id": received_id,
                "source": source,
                "state": state,
                "tasks": tasks,
            }
        )
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.started_task import StartedTask

        d = dict(src_dict)
        duplicate = d.pop("duplicate")

        id = d.pop("id")

        received_id = UUID(d.pop("received_id"))

        source = d.pop("source")

        state = check_reception_state(d.pop("state"))

        tasks = []
        _tasks = d.pop("tasks")
        for tasks_item_data in _tasks:
            tasks_item = StartedTask.from_dict(tasks_item_data)

            tasks.append(tasks_item)

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        reception = cls(
            duplicate=duplicate,
            id=id,
            received_id=received_id,
            source=source,
            state=state,
            tasks=tasks,
            reason=reason,
        )

        reception.additional_properties = d
        return reception

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
