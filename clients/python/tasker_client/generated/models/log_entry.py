from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="LogEntry")


@_attrs_define
class LogEntry:
    """A line that a handler logged.

    Attributes:
        at (datetime.datetime): When it was written.
        attempt (int): The number of the attempt.
        audit_id (int): The audit record of the run: higher ones were stored later.
        host (str): The host that ran it.
        level (str): The severity.
        message (str): The text.
        position (int): The position among the lines of the run, from 1.
        step (str): The name of the step.
        step_index (int): The index of the step.
        target (str): The context that the handler gave, or `stdout` or `stderr`.
    """

    at: datetime.datetime
    attempt: int
    audit_id: int
    host: str
    level: str
    message: str
    position: int
    step: str
    step_index: int
    target: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        attempt = self.attempt

        audit_id = self.audit_id

        host = self.host

        level = self.level

        message = self.message

        position = self.position

        step = self.step

        step_index = self.step_index

        target = self.target

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "attempt": attempt,
                "audit_id": audit_id,
                "host": host,
                "level": level,
                "message": message,
                "position": position,
                "step": step,
                "step_index": step_index,
                "target": target,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        attempt = d.pop("attempt")

        audit_id = d.pop("audit_id")

        host = d.pop("host")

        level = d.pop("level")

        message = d.pop("message")

        position = d.pop("position")

        step = d.pop("step")

        step_index = d.pop("step_index")

        target = d.pop("target")

        log_entry = cls(
            at=at,
            attempt=attempt,
            audit_id=audit_id,
            host=host,
            level=level,
            message=message,
            position=position,
            step=step,
            step_index=step_index,
            target=target,
        )

        log_entry.additional_properties = d
        return log_entry

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
