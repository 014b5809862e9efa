from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.task_operation_action import (
    TaskOperationAction,
    check_task_operation_action,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="TaskOperation")


@_attrs_define
class TaskOperation:
    """An operation on a task.

    Attributes:
        action (TaskOperationAction):
        step (str | Unset): The step, by name or number.
        version (None | str | Unset): The template version. Default: the task's own.
        tags (list[str] | Unset): The new tags.
        priority (int | Unset): From -100 (last) to 100 (first).
        actor (None | str | Unset): Who requests it. The audit names it beside the API key that the request came with.
        expected_state (None | str | Unset): The state that the task must be in; otherwise nothing changes, and the
            status is 412.
        reason (None | str | Unset): The reason.
    """

    action: TaskOperationAction
    step: str | Unset = UNSET
    version: None | str | Unset = UNSET
    tags: list[str] | Unset = UNSET
    priority: int | Unset = UNSET
    actor: None | str | Unset = UNSET
    expected_state: None | str | Unset = UNSET
    reason: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action: str = self.action

        step = self.step

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags

        priority = self.priority

        actor: None | str | Unset
        if isinstance(self.actor, Unset):
            actor = UNSET
        else:
            actor = self.actor

        expected_state: None | str | Unset
        if isinstance(self.expected_state, Unset):
            expected_state = UNSET
        else:
            expected_state = self.expected_state

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
            }
        )
        if step is not UNSET:
            field_dict["step"] = step
        if version is not UNSET:
            field_dict["version"] = version
        if tags is not UNSET:
            field_dict["tags"] = tags
        if priority is not UNSET:
            field_dict["priority"] = priority
        if actor is not UNSET:
            field_dict["actor"] = actor
        if expected_state is not UNSET:
            field_dict["expected_state"] = expected_state
        if reason is not UNSET:
            field_dict["reason"] = reason

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        action = check_task_operation_action(d.pop("action"))

        step = d.pop("step", UNSET)

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        tags = cast(list[str], d.pop("tags", UNSET))

        priority = d.pop("priority", UNSET)

        def _parse_actor(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        actor = _parse_actor(d.pop("actor", UNSET))

        def _parse_expected_state(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        expected_state = _parse_expected_state(d.pop("expected_state", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        task_operation = cls(
            action=action,
            step=step,
            version=version,
            tags=tags,
            priority=priority,
            actor=actor,
            expected_state=expected_state,
            reason=reason,
        )

        task_operation.additional_properties = d
        return task_operation

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
