from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DlqEntry")


@_attrs_define
class DlqEntry:
    """A DLQ entry: a task, or an isolated step, that needs attention, with a snapshot.

    Attributes:
        actor (str): Who created the entry.
        created_at (datetime.datetime): When the entry was created.
        dlq_entry_id (UUID): The id of the entry.
        dlq_reason (str): The reason: `staleness_timeout`, `max_retries_exceeded`, `worker_unavailable`, `manual_dlq`.
        name (str): The name of the task's template.
        namespace (str): The namespace of the task's template.
        priority (int): The task's priority.
        resolution_status (str): The resolution: `pending`, `manually_resolved`, `permanently_failed`, `cancelled`.
        task_id (UUID): The id of the task.
        task_state (str): The task's state at that time.
        note (None | str | Unset): Their note.
        resolution_notes (None | str | Unset): Their notes.
        resolved_at (datetime.datetime | None | Unset): When it was resolved.
        resolved_by (None | str | Unset): Who resolved it.
        snapshot (Any | Unset): The task and its steps, with their last failures, at the time of the entry.
        step_index (int | None | Unset): For an isolated batch worker, its step index. None for an entry about the whole
            task.
        withheld (list[str] | Unset): The fields that the caller may not read.
    """

    actor: str
    created_at: datetime.datetime
    dlq_entry_id: UUID
    dlq_reason: str
    name: str
    namespace: str
    priority: int
    resolution_status: str
    task_id: UUID
    task_state: str
    note: None | str | Unset = UNSET
    resolution_notes: None | str | Unset = UNSET
    resolved_at: datetime.datetime | None | Unset = UNSET
    resolved_by: None | str | Unset = UNSET
    snapshot: Any | Unset = UNSET
    step_index: int | None | Unset = UNSET
    withheld: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        actor = self.actor

        created_at = self.created_at.isoformat()

        dlq_entry_id = str(self.dlq_entry_id)

        dlq_reason = self.dlq_reason

        name = self.name

        namespace = self.namespace

        priority = self.priority

        resolution_status = self.resolution_status

        task_id = str(self.task_id)

        task_state = self.task_state

        note: None | str | Unset
        if isinstance(self.note, Unset):
            note = UNSET
        else:
            note = self.note

        resolution_notes: None | str | Unset
        if isinstance(self.resolution_notes, Unset):
            resolution_notes = UNSET
        else:
            resolution_notes = self.resolution_notes

        resolved_at: None | str | Unset
        if isinstance(self.resolved_at, Unset):
            resolved_at = UNSET
        elif isinstance(self.resolved_at, datetime.datetime):
            resolved_at = self.resolved_at.isoformat()
        else:
            resolved_at = self.resolved_at

        resolved_by: None | str | Unset
        if isinstance(self.resolved_by, Unset):
            resolved_by = UNSET
        else:
            resolved_by = self.resolved_by

        snapshot = self.snapshot

        step_index: int | None | Unset
        if isinstance(self.step_index, Unset):
            step_index = UNSET
        else:
            step_index = self.step_index

        withheld: list[str] | Unset = UNSET
        if not isinstance(self.withheld, Unset):
            withheld = self.withheld

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "actor": actor,
                "created_at": created_at,
                "dlq_entry_id": dlq_entry_id,
                "dlq_reason": dlq_reason,
                "name": name,
                "namespace": namespace,
                "priority": priority,
                "resolution_status": resolution_status,
                "task_id": task_id,
                "task_state": task_state,
            }
        )
        if note is not UNSET:
            field_dict["note"] = note
        if resolution_notes is not UNSET:
            field_dict["resolution_notes"] = resolution_notes
        if resolved_at is not UNSET:
            field_dict["resolved_at"] = resolved_at
        if resolved_by is not UNSET:
            field_dict["resolved_by"] = resolved_by
        if snapshot is not UNSET:
            field_dict["snapshot"] = snapshot
        if step_index is not UNSET:
            field_dict["step_index"] = step_index
        if withheld is not UNSET:
            field_dict["withheld"] = withheld

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        actor = d.pop("actor")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        dlq_entry_id = UUID(d.pop("dlq_entry_id"))

        dlq_reason = d.pop("dlq_reason")

        name = d.pop("name")

        namespace = d.pop("namespace")

        priority = d.pop("priority")

        resolution_status = d.pop("resolution_status")

        task_id = UUID(d.pop("task_id"))

        task_state = d.pop("task_state")

        def _parse_note(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        note = _parse_note(d.pop("note", UNSET))

        def _parse_resolution_notes(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        resolution_notes = _parse_resolution_notes(d.pop("resolution_notes", UNSET))

        def _parse_resolved_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                resolved_at_type_0 = datetime.datetime.fromisoformat(data)

                return resolved_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        resolved_at = _parse_resolved_at(d.pop("resolved_at", UNSET))

        def _parse_resolved_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        resolved_by = _parse_resolved_by(d.pop("resolved_by", UNSET))

        snapshot = d.pop("snapshot", UNSET)

        def _parse_step_index(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        step_index = _parse_step_index(d.pop("step_index", UNSET))

        withheld = cast(list[str], d.pop("withheld", UNSET))

        dlq_entry = cls(
            actor=actor,
            created_at=created_at,
            dlq_entry_id=dlq_entry_id,
            dlq_reason=dlq_reason,
            name=name,
            namespace=namespace,
            priority=priority,
            resolution_status=resolution_status,
            task_id=task_id,
            task_state=task_state,
            note=note,
            resolution_notes=resolution_notes,
            resolved_at=resolved_at,
            resolved_by=resolved_by,
            snapshot=snapshot,
            step_index=step_index,
            withheld=withheld,
        )

        dlq_entry.additional_properties = d
        return dlq_entry

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
