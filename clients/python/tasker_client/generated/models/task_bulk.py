from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define

from ..models.bulk_action import BulkAction, check_bulk_action
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.bulk_arguments import BulkArguments
    from ..models.task_filters import TaskFilters


T = TypeVar("T", bound="TaskBulk")


@_attrs_define
class TaskBulk:
    """An action on many tasks, or the confirmation of one. A confirmation has only `confirm`.

    Attributes:
        action (BulkAction | None | Unset):
        actor (None | str | Unset): Who requests it. The audit names it beside the API key that the request came with.
        arguments (BulkArguments | None | Unset):
        confirm (None | str | Unset): The token of a preview.
        filter_ (None | TaskFilters | Unset):
        max_ (int | None | Unset): How many tasks are concerned at most: the newest. 10,000 by default, 100,000 at most.
        reason (None | str | Unset): The reason.
        task_ids (list[UUID] | None | Unset): Or these tasks, at most 1,000.
    """

    action: BulkAction | None | Unset = UNSET
    actor: None | str | Unset = UNSET
    arguments: BulkArguments | None | Unset = UNSET
    confirm: None | str | Unset = UNSET
    filter_: None | TaskFilters | Unset = UNSET
    max_: int | None | Unset = UNSET
    reason: None | str | Unset = UNSET
    task_ids: list[UUID] | None | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        from ..models.bulk_arguments import BulkArguments
        from ..models.task_filters import TaskFilters

        action: None | str | Unset
        if isinstance(self.action, Unset):
            action = UNSET
        elif isinstance(self.action, str):
            action = self.action
        else:
            action = self.action

        actor: None | str | Unset
        if isinstance(self.actor, Unset):
            actor = UNSET
        else:
            actor = self.actor

        arguments: dict[str, Any] | None | Unset
        if isinstance(self.arguments, Unset):
            arguments = UNSET
        elif isinstance(self.arguments, BulkArguments):
            arguments = self.arguments.to_dict()
        else:
            arguments = self.arguments

        confirm: None | str | Unset
        if isinstance(self.confirm, Unset):
            confirm = UNSET
        else:
            confirm = self.confirm

        filter_: dict[str, Any] | None | Unset
        if isinstance(self.filter_, Unset):
            filter_ = UNSET
        elif isinstance(self.filter_, TaskFilters):
            filter_ = self.filter_.to_dict()
        else:
            filter_ = self.filter_

        max_: int | None | Unset
        if isinstance(self.max_, Unset):
            max_ = UNSET
        else:
            max_ = self.max_

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        task_ids: list[str] | None | Unset
        if isinstance(self.task_ids, Unset):
            task_ids = UNSET
        elif isinstance(self.task_ids, list):
            task_ids = []
            for task_ids_type_0_item_data in self.task_ids:
                task_ids_type_0_item = str(task_ids_type_0_item_data)
                task_ids.append(task_ids_type_0_item)

        else:
            task_ids = self.task_ids

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if action is not UNSET:
            field_dict["action"] = action
        if actor is not UNSET:
            field_dict["actor"] = actor
        if arguments is not UNSET:
            field_dict["arguments"] = arguments
        if confirm is not UNSET:
            field_dict["confirm"] = confirm
        if filter_ is not UNSET:
            field_dict["filter"] = filter_
        if max_ is not UNSET:
            field_dict["max"] = max_
        if reason is not UNSET:
            field_dict["reason"] = reason
        if task_ids is not UNSET:
            field_dict["task_ids"] = task_ids

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.bulk_arguments import BulkArguments
        from ..models.task_filters import TaskFilters

        d = dict(src_dict)

        def _parse_action(data: object) -> BulkAction | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                action_type_0 = check_bulk_action(data)

                return action_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BulkAction | None | Unset, data)

        action = _parse_action(d.pop("action", UNSET))

        def _parse_actor(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        actor = _parse_actor(d.pop("actor", UNSET))

        def _parse_arguments(data: object) -> BulkArguments | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                arguments_type_0 = BulkArguments.from_dict(data)

                return arguments_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BulkArguments | None | Unset, data)

        arguments = _parse_arguments(d.pop("arguments", UNSET))

        def _parse_confirm(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        confirm = _parse_confirm(d.pop("confirm", UNSET))

        def _parse_filter_(data: object) -> None | TaskFilters | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                filter_type_0 = TaskFilters.from_dict(data)

                return filter_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | TaskFilters | Unset, data)

        filter_ = _parse_filter_(d.pop("filter", UNSET))

        def _parse_max_(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_ = _parse_max_(d.pop("max", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_task_ids(data: object) -> list[UUID] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                task_ids_type_0 = []
                _task_ids_type_0 = data
                for task_ids_type_0_item_data in _task_ids_type_0:
                    task_ids_type_0_item = UUID(task_ids_type_0_item_data)

                    task_ids_type_0.append(task_ids_type_0_item)

                return task_ids_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[UUID] | None | Unset, data)

        task_ids = _parse_task_ids(d.pop("task_ids", UNSET))

        task_bulk = cls(
            action=action,
            actor=actor,
            arguments=arguments,
            confirm=confirm,
            filter_=filter_,
            max_=max_,
            reason=reason,
            task_ids=task_ids,
        )

        return task_bulk
