from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Transition")


@_attrs_define
class Transition:
    """A change of state.

    Attributes:
        actor (str): The operator or process that caused it.
        at (datetime.datetime): When it changed.
        audit_id (int): The audit record: higher ones are later.
        event (str): The event that caused it.
        from_state (str): The previous state.
        position (int): The position among the changes of the record.
        to_state (str): The new state.
        attempt (int | None | Unset): The number of the step's attempt.
        reason (None | str | Unset): The reason.
        step (None | str | Unset): The name of the step.
        step_index (int | None | Unset): The index of the step; absent for a change of the task.
    """

    actor: str
    at: datetime.datetime
    audit_id: int
    event: str
    from_state: str
    position: int
    to_state: str
    attempt: int | None | Unset = UNSET
    reason: None | str | Unset = UNSET
    step: None | str | Unset = UNSET
    step_index: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        actor = self.actor

        at = self.at.isoformat()

        audit_id = self.audit_id

        event = self.event

        from_state = self.from_state

        position = self.position

        to_state = self.to_state

        attempt: int | None | Unset
        if isinstance(self.attempt, Unset):
            attempt = UNSET
        else:
            attempt = self.attempt

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        step: None | str | Unset
        if isinstance(self.step, Unset):
            step = UNSET
        else:
            step = self.step

        step_index: int | None | Unset
        if isinstance(self.step_index, Unset):
            step_index = UNSET
        else:
            step_index = self.step_index

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "actor": actor,
                "at": at,
                "audit_id": audit_id,
                "event": event,
                "from_state": from_state,
                "position": position,
                "to_state": to_state,
            }
        )
        if attempt is not UNSET:
            field_dict["attempt"] = attempt
        if reason is not UNSET:
            field_dict["reason"] = reason
        if step is not UNSET:
            field_dict["step"] = step
        if step_index is not UNSET:
            field_dict["step_index"] = step_index

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        actor = d.pop("actor")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        audit_id = d.pop("audit_id")

        event = d.pop("event")

        from_state = d.pop("from_state")

        position = d.pop("position")

        to_state = d.pop("to_state")

        def _parse_attempt(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        attempt = _parse_attempt(d.pop("attempt", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_step(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        step = _parse_step(d.pop("step", UNSET))

        def _parse_step_index(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        step_index = _parse_step_index(d.pop("step_index", UNSET))

        transition = cls(
            actor=actor,
            at=at,
            audit_id=audit_id,
            event=event,
            from_state=from_state,
            position=position,
            to_state=to_state,
            attempt=attempt,
            reason=reason,
            step=step,
            step_index=step_index,
        )

        transition.additional_properties = d
        return transition

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
