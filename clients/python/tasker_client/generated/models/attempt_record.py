from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

T = TypeVar("T", bound="AttemptRecord")


@_attrs_define
class AttemptRecord:
    """The record of one execution of a step: its usage, logs and failure.

    Attributes:
        actor (str): The host that ran it.
        at (datetime.datetime): When its end was stored.
        attempt (int): The number of the attempt.
        audit_id (int): The audit record: higher ones are later.
        detail (Any): Usage, logs and failure.
    """

    actor: str
    at: datetime.datetime
    attempt: int
    audit_id: int
    detail: Any
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        actor = self.actor

        at = self.at.isoformat()

        attempt = self.attempt

        audit_id = self.audit_id

        detail = self.detail

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "actor": actor,
                "at": at,
                "attempt": attempt,
                "audit_id": audit_id,
                "detail": detail,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        actor = d.pop("actor")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        attempt = d.pop("attempt")

        audit_id = d.pop("audit_id")

        detail = d.pop("detail")

        attempt_record = cls(
            actor=actor,
            at=at,
            attempt=attempt,
            audit_id=audit_id,
            detail=detail,
        )

        attempt_record.additional_properties = d
        return attempt_record

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
