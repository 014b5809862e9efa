from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TimelineEntry")


@_attrs_define
class TimelineEntry:
    """A run of a step, or what it waits for.

    Attributes:
        attempt (int): The number of the attempt. An attempt with checkpoints has several runs.
        state (str): The state in which the run left the step. If it has not ended: the current state.
        step (str): The name of the step.
        step_index (int): The index of the step.
        audit_id (int | None | Unset): The audit record of the run's end. None while it has not ended.
        cpu_us (int | None | Unset): The computing time, in microseconds.
        enqueued_at (datetime.datetime | None | Unset): When it was enqueued.
        error_type (None | str | Unset): Of a failed run: the type of its failure.
        finished_at (datetime.datetime | None | Unset): When it ended.
        host (None | str | Unset): The host that ran it, as far as it is known.
        next_retry_at (datetime.datetime | None | Unset): Of a step that waits for a retry: when it is due.
        peak_memory_bytes (int | None | Unset): The peak memory, in bytes.
        started_at (datetime.datetime | None | Unset): When it started.
    """

    attempt: int
    state: str
    step: str
    step_index: int
    audit_id: int | None | Unset = UNSET
    cpu_us: int | None | Unset = UNSET
    enqueued_at: datetime.datetime | None | Unset = UNSET
    error_type: None | str | Unset = UNSET
    finished_at: datetime.datetime | None | Unset = UNSET
    host: None | str | Unset = UNSET
    next_retry_at: datetime.datetime | None | Unset = UNSET
    peak_memory_bytes: int | None | Unset = UNSET
    started_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        attempt = self.attempt

        state = self.state

        step = self.step

        step_index = self.step_index

        audit_id: int | None | Unset
        if isinstance(self.audit_id, Unset):
            audit_id = UNSET
        else:
            audit_id = self.audit_id

        cpu_us: int | None | Unset
        if isinstance(self.cpu_us, Unset):
            cpu_us = UNSET
        else:
            cpu_us = self.cpu_us

        enqueued_at: None | str | Unset
        if isinstance(self.enqueued_at, Unset):
            enqueued_at = UNSET
        elif isinstance(self.enqueued_at, datetime.datetime):
            enqueued_at = self.enqueued_at.isoformat()
        else:
            enqueued_at = self.enqueued_at

        error_type: None | str | Unset
        if isinstance(self.error_type, Unset):
            error_type = UNSET
        else:
            error_type = self.error_type

        finished_at: None | str | Unset
        if isinstance(self.finished_at, Unset):
            finished_at = UNSET
        elif isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        host: None | str | Unset
        if isinstance(self.host, Unset):
            host = UNSET
        else:
            host = self.host

        next_retry_at: None | str | Unset
        if isinstance(self.next_retry_at, Unset):
            next_retry_at = UNSET
        elif isinstance(self.next_retry_at, datetime.datetime):
            next_retry_at = self.next_retry_at.isoformat()
        else:
            next_retry_at = self.next_retry_at

        peak_memory_bytes: int | None | Unset
        if isinstance(self.peak_memory_bytes, Unset):
            peak_memory_bytes = UNSET
        else:
            peak_memory_bytes = self.peak_memory_bytes

        started_at: None | str | Unset
        if isinstance(self.started_at, Unset):
            started_at = UNSET
        elif isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempt": attempt,
                "state": state,
                "step": step,
                "step_index": step_index,
            }
        )
        if audit_id is not UNSET:
            field_dict["audit_id"] = audit_id
        if cpu_us is not UNSET:
            field_dict["cpu_us"] = cpu_us
        if enqueued_at is not UNSET:
            field_dict["enqueued_at"] = enqueued_at
        if error_type is not UNSET:
            field_dict["error_type"] = error_type
        if finished_at is not UNSET:
            field_dict["finished_at"] = finished_at
        if host is not UNSET:
            field_dict["host"] = host
        if next_retry_at is not UNSET:
            field_dict["next_retry_at"] = next_retry_at
        if peak_memory_bytes is not UNSET:
            field_dict["peak_memory_bytes"] = peak_memory_bytes
        if started_at is not UNSET:
            field_dict["started_at"] = started_at

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        attempt = d.pop("attempt")

        state = d.pop("state")

        step = d.pop("step")

        step_index = d.pop("step_index")

        def _parse_audit_id(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        audit_id = _parse_audit_id(d.pop("audit_id", UNSET))

        def _parse_cpu_us(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        cpu_us = _parse_cpu_us(d.pop("cpu_us", UNSET))

        def _parse_enqueued_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                enqueued_at_type_0 = datetime.datetime.fromisoformat(data)

                return enqueued_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        enqueued_at = _parse_enqueued_at(d.pop("enqueued_at", UNSET))

        def _parse_error_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_type = _parse_error_type(d.pop("error_type", UNSET))

        def _parse_finished_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        finished_at = _parse_finished_at(d.pop("finished_at", UNSET))

        def _parse_host(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        host = _parse_host(d.pop("host", UNSET))

        def _parse_next_retry_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_retry_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_retry_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        next_retry_at = _parse_next_retry_at(d.pop("next_retry_at", UNSET))

        def _parse_peak_memory_bytes(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        peak_memory_bytes = _parse_peak_memory_bytes(d.pop("peak_memory_bytes", UNSET))

        def _parse_started_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_at_type_0 = datetime.datetime.fromisoformat(data)

                return started_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        started_at = _parse_started_at(d.pop("started_at", UNSET))

        timeline_entry = cls(
            attempt=attempt,
            state=state,
            step=step,
            step_index=step_index,
            audit_id=audit_id,
            cpu_us=cpu_us,
            enqueued_at=enqueued_at,
            error_type=error_type,
            finished_at=finished_at,
            host=host,
            next_retry_at=next_retry_at,
            peak_memory_bytes=peak_memory_bytes,
            started_at=started_at,
        )

        timeline_entry.additional_properties = d
        return timeline_entry

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
