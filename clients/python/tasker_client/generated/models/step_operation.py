from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.step_action_name import StepActionName, check_step_action_name
from ..types import UNSET, Unset

T = TypeVar("T", bound="StepOperation")


@_attrs_define
class StepOperation:
    """An operation on a step.

    Attributes:
        action (StepActionName): The operations on steps.
        reason (str): The reason.
        actor (None | str | Unset): Who requests it. The audit names it beside the API key that the request came with.
        branch (list[str] | None | Unset): For `complete_manually` of a decision: the names of the steps to run next.
        cursors (list[Any] | None | Unset): For `complete_manually` of a batchable step: one cursor per worker.
        result (Any | Unset): For `complete_manually`: the result.
    """

    action: StepActionName
    reason: str
    actor: None | str | Unset = UNSET
    branch: list[str] | None | Unset = UNSET
    cursors: list[Any] | None | Unset = UNSET
    result: Any | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        action: str = self.action

        reason = self.reason

        actor: None | str | Unset
        if isinstance(self.actor, Unset):
            actor = UNSET
        else:
            actor = self.actor

        branch: list[str] | None | Unset
        if isinstance(self.branch, Unset):
            branch = UNSET
        elif isinstance(self.branch, list):
            branch = self.branch

        else:
            branch = self.branch

        cursors: list[Any] | None | Unset
        if isinstance(self.cursors, Unset):
            cursors = UNSET
        elif isinstance(self.cursors, list):
            cursors = self.cursors

        else:
            cursors = self.cursors

        result = self.result

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "action": action,
                "reason": reason,
            }
        )
        if actor is not UNSET:
            field_dict["actor"] = actor
        if branch is not UNSET:
            field_dict["branch"] = branch
        if cursors is not UNSET:
            field_dict["cursors"] = cursors
        if result is not UNSET:
            field_dict["result"] = result

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        action = check_step_action_name(d.pop("action"))

        reason = d.pop("reason")

        def _parse_actor(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        actor = _parse_actor(d.pop("actor", UNSET))

        def _parse_branch(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                branch_type_0 = cast(list[str], data)

                return branch_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        branch = _parse_branch(d.pop("branch", UNSET))

        def _parse_cursors(data: object) -> list[Any] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                cursors_type_0 = cast(list[Any], data)

                return cursors_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Any] | None | Unset, data)

        cursors = _parse_cursors(d.pop("cursors", UNSET))

        result = d.pop("result", UNSET)

        step_operation = cls(
            action=action,
            reason=reason,
            actor=actor,
            branch=branch,
            cursors=cursors,
            result=result,
        )

        return step_operation
