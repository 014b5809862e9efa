from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.bulk_action import BulkAction, check_bulk_action
from ..models.bulk_state import BulkState, check_bulk_state
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bulk_arguments import BulkArguments
    from ..models.bulk_matching import BulkMatching
    from ..models.bulk_operation_impossible_type_0 import BulkOperationImpossibleType0
    from ..models.task_summary import TaskSummary


T = TypeVar("T", bound="BulkOperation")


@_attrs_define
class BulkOperation:
    """An action on many tasks: a preview of it, or how far it has come.

    Attributes:
        action (BulkAction): An action on many tasks.
        actor (str): Who asked for it.
        arguments (BulkArguments): The arguments of an action.
        bulk_id (UUID): The operation, a UUIDv7. The audit of each task names it.
        created_at (datetime.datetime): When it was previewed. Tasks that were created later are not concerned.
        done (int): The number of tasks that the action was applied to.
        failed (int): The number of tasks that it could not be applied to.
        matching (BulkMatching): The number of tasks of a bulk operation.
        state (BulkState): The state of a bulk operation.
        confirm (None | str | Unset): In a preview: the token that confirms it, once, within ten minutes.
        confirmed_at (datetime.datetime | None | Unset): When it was confirmed.
        ended_at (datetime.datetime | None | Unset): When it was complete, or stopped.
        filter_ (Any | Unset): The filter of its tasks, as it was understood. None if they were named.
        impossible (BulkOperationImpossibleType0 | None | Unset): In a preview: how many of the tasks the action cannot
            be applied to in their present state, by reason; and how many of
            the named ones do not exist, as `no_such_task`.
        reason (None | str | Unset): The reason.
        sample (list[TaskSummary] | Unset): In a preview: the newest of the tasks, at most 5.
    """

    action: BulkAction
    actor: str
    arguments: BulkArguments
    bulk_id: UUID
    created_at: datetime.datetime
    done: int
    failed: int
    matching: BulkMatching
    state: BulkState
    confirm: None | str | Unset = UNSET
    confirmed_at: datetime.datetime | None | Unset = UNSET
    ended_at: datetime.datetime | None | Unset = UNSET
    filter_: Any | Unset = UNSET
    impossible: BulkOperationImpossibleType0 | None | Unset = UNSET
    reason: None | str | Unset = UNSET
    sample: list[TaskSummary] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.bulk_operation_impossible_type_0 import (
            BulkOperationImpossibleType0,
        )

        action: str = self.action

        actor = self.actor

        arguments = self.arguments.to_dict()

        bulk_id = str(self.bulk_id)

        created_at = self.created_at.isoformat()

        done = self.done

        failed = self.failed

        matching = self.matching.to_dict()

        state: str = self.state

        confirm: None | str | Unset
        if isinstance(self.confirm, Unset):
            confirm = UNSET
        else:
            confirm = self.confirm

        confirmed_at: None | str | Unset
        if isinstance(self.confirmed_at, Unset):
            confirmed_at = UNSET
        elif isinstance(self.confirmed_at, datetime.datetime):
            confirmed_at = self.confirmed_at.isoformat()
        else:
            confirmed_at = self.confirmed_at

        ended_at: None | str | Unset
        if isinstance(self.ended_at, Unset):
            ended_at = UNSET
        elif isinstance(self.ended_at, datetime.datetime):
            ended_at = self.ended_at.isoformat()
        else:
            ended_at = self.ended_at

        filter_ = self.filter_

        impossible: dict[str, Any] | None | Unset
        if isinstance(self.impossible, Unset):
            impossible = UNSET
        elif isinstance(self.impossible, BulkOperationImpossibleType0):
            impossible = self.impossible.to_dict()
        else:
            impossible = self.impossible

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        sample: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.sample, Unset):
            sample = []
            for sample_item_data in self.sample:
                sample_item = sample_item_data.to_dict()
                sample.append(sample_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
                "actor": actor,
                "arguments": arguments,
                "bulk_id": bulk_id,
                "created_at": created_at,
                "done": done,
                "failed": failed,
                "matching": matching,
                "state": state,
            }
        )
        if confirm is not UNSET:
            field_dict["confirm"] = confirm
        if confirmed_at is not UNSET:
            field_dict["confirmed_at"] = confirmed_at
        if ended_at is not UNSET:
            field_dict["ended_at"] = ended_at
        if filter_ is not UNSET:
            field_dict["filter"] = filter_
        if impossible is not UNSET:
            field_dict["impossible"] = impossible
        if reason is not UNSET:
            field_dict["reason"] = reason
        if sample is not UNSET:
            field_dict["sample"] = sample

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.bulk_arguments import BulkArguments
        from ..models.bulk_matching import BulkMatching
        from ..models.bulk_operation_impossible_type_0 import (
            BulkOperationImpossibleType0,
        )
        from ..models.task_summary import TaskSummary

        d = dict(src_dict)
        action = check_bulk_action(d.pop("action"))

        actor = d.pop("actor")

        arguments = BulkArguments.from_dict(d.pop("arguments"))

        bulk_id = UUID(d.pop("bulk_id"))

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        done = d.pop("done")

        failed = d.pop("failed")

        matching = BulkMatching.from_dict(d.pop("matching"))

        state = check_bulk_state(d.pop("state"))

        def _parse_confirm(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        confirm = _parse_confirm(d.pop("confirm", UNSET))

        def _parse_confirmed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                confirmed_at_type_0 = datetime.datetime.fromisoformat(data)

                return confirmed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        confirmed_at = _parse_confirmed_at(d.pop("confirmed_at", UNSET))

        def _parse_ended_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                ended_at_type_0 = datetime.datetime.fromisoformat(data)

                return ended_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        ended_at = _parse_ended_at(d.pop("ended_at", UNSET))

        filter_ = d.pop("filter", UNSET)

        def _parse_impossible(
            data: object,
        ) -> BulkOperationImpossibleType0 | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                impossible_type_0 = BulkOperationImpossibleType0.from_dict(data)

                return impossible_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BulkOperationImpossibleType0 | None | Unset, data)

        impossible = _parse_impossible(d.pop("impossible", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        _sample = d.pop("sample", UNSET)
        sample: list[TaskSummary] | Unset = UNSET
        if _sample is not UNSET:
            sample = []
            for sample_item_data in _sample:
                sample_item = TaskSummary.from_dict(sample_item_data)

                sample.append(sample_item)

        bulk_operation = cls(
            action=action,
            actor=actor,
            arguments=arguments,
            bulk_id=bulk_id,
            created_at=created_at,
            done=done,
            failed=failed,
            matching=matching,
            state=state,
            confirm=confirm,
            confirmed_at=confirmed_at,
            ended_at=ended_at,
            filter_=filter_,
            impossible=impossible,
            reason=reason,
            sample=sample,
        )

        bulk_operation.additional_properties = d
        return bulk_operation

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
