from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..models.order import Order, check_order
from ..types import UNSET, Unset

T = TypeVar("T", bound="TaskFilters")


@_attrs_define
class TaskFilters:
    """Filters of a list of tasks.

    Attributes:
        attribute (list[str] | Unset): Only tasks with this value of a search attribute of their template:
            `order_id=DE-1001`. Repeat it for several that all hold.
        correlation_id (None | str | Unset): Only tasks with this correlation id, if their request gave it.
        created_after (None | str | Unset): Only tasks created at this time or later: RFC 3339, or how long ago (`15m`,
            `2h`, `7d`).
        created_before (None | str | Unset): Only tasks created before this time.
        ended_after (None | str | Unset): Only tasks that ended at this time or later.
        ended_before (None | str | Unset): Only tasks that ended before this time.
        error_type (None | str | Unset): Only tasks in which a step's last failure has this type.
        failed_step (None | str | Unset): Only tasks in which the step with this name has failed for good.
        has_dlq_entry (bool | None | Unset): Only tasks that have or had a DLQ entry (`true`), or that have not.
        initiator (None | str | Unset): Only tasks of this initiator.
        name (None | str | Unset): Only tasks of this template.
        namespace (None | str | Unset): Only tasks of this namespace.
        open_ (bool | None | Unset): Only tasks that have not ended (`true`), or that have (`false`).
        order (None | Order | Unset):
        parent_correlation_id (None | str | Unset): Only tasks with this parent correlation id.
        paused (bool | None | Unset): Only tasks that are paused (`true`), or that are not.
        q (None | str | Unset): Only tasks that this text finds: the beginning of a task's id (four digits or more), a
            part of a template's name, or a
            whole tag, correlation id, initiator, source system or search attribute.
        source_system (None | str | Unset): Only tasks of this source system.
        state (list[str] | Unset): Only tasks in this state. Repeat it for several.
        tag (list[str] | Unset): Only tasks with this tag. Repeat it for tasks that have all of several.
        tag_any (list[str] | Unset): Only tasks with one of these tags.
        version (None | str | Unset): Only tasks of this version of their template.
    """

    attribute: list[str] | Unset = UNSET
    correlation_id: None | str | Unset = UNSET
    created_after: None | str | Unset = UNSET
    created_before: None | str | Unset = UNSET
    ended_after: None | str | Unset = UNSET
    ended_before: None | str | Unset = UNSET
    error_type: None | str | Unset = UNSET
    failed_step: None | str | Unset = UNSET
    has_dlq_entry: bool | None | Unset = UNSET
    initiator: None | str | Unset = UNSET
    name: None | str | Unset = UNSET
    namespace: None | str | Unset = UNSET
    open_: bool | None | Unset = UNSET
    order: None | Order | Unset = UNSET
    parent_correlation_id: None | str | Unset = UNSET
    paused: bool | None | Unset = UNSET
    q: None | str | Unset = UNSET
    source_system: None | str | Unset = UNSET
    state: list[str] | Unset = UNSET
    tag: list[str] | Unset = UNSET
    tag_any: list[str] | Unset = UNSET
    version: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        attribute: list[str] | Unset = UNSET
        if not isinstance(self.attribute, Unset):
            attribute = self.attribute

        correlation_id: None | str | Unset
        if isinstance(self.correlation_id, Unset):
            correlation_id = UNSET
        else:
            correlation_id = self.correlation_id

        created_after: None | str | Unset
        if isinstance(self.created_after, Unset):
            created_after = UNSET
        else:
            created_after = self.created_after

        created_before: None | str | Unset
        if isinstance(self.created_before, Unset):
            created_before = UNSET
        else:
            created_before = self.created_before

        ended_after: None | str | Unset
        if isinstance(self.ended_after, Unset):
            ended_after = UNSET
        else:
            ended_after = self.ended_after

        ended_before: None | str | Unset
        if isinstance(self.ended_before, Unset):
            ended_before = UNSET
        else:
            ended_before = self.ended_before

        error_type: None | str | Unset
        if isinstance(self.error_type, Unset):
            error_type = UNSET
        else:
            error_type = self.error_type

        failed_step: None | str | Unset
        if isinstance(self.failed_step, Unset):
            failed_step = UNSET
        else:
            failed_step = self.failed_step

        has_dlq_entry: bool | None | Unset
        if isinstance(self.has_dlq_entry, Unset):
            has_dlq_entry = UNSET
        else:
            has_dlq_entry = self.has_dlq_entry

        initiator: None | str | Unset
        if isinstance(self.initiator, Unset):
            initiator = UNSET
        else:
            initiator = self.initiator

        name: None | str | Unset
        if isinstance(self.name, Unset):
            name = UNSET
        else:
            name = self.name

        namespace: None | str | Unset
        if isinstance(self.namespace, Unset):
            namespace = UNSET
        else:
            namespace = self.namespace

        open_: bool | None | Unset
        if isinstance(self.open_, Unset):
            open_ = UNSET
        else:
            open_ = self.open_

        order: None | str | Unset
        if isinstance(self.order, Unset):
            order = UNSET
        elif isinstance(self.order, str):
            order = self.order
        else:
            order = self.order

        parent_correlation_id: None | str | Unset
        if isinstance(self.parent_correlation_id, Unset):
            parent_correlation_id = UNSET
        else:
            parent_correlation_id = self.parent_correlation_id

        paused: bool | None | Unset
        if isinstance(self.paused, Unset):
            paused = UNSET
        else:
            paused = self.paused

        q: None | str | Unset
        if isinstance(self.q, Unset):
            q = UNSET
        else:
            q = self.q

        source_system: None | str | Unset
        if isinstance(self.source_system, Unset):
            source_system = UNSET
        else:
            source_system = self.source_system

        state: list[str] | Unset = UNSET
        if not isinstance(self.state, Unset):
            state = self.state

        tag: list[str] | Unset = UNSET
        if not isinstance(self.tag, Unset):
            tag = self.tag

        tag_any: list[str] | Unset = UNSET
        if not isinstance(self.tag_any, Unset):
            tag_any = self.tag_any

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if attribute is not UNSET:
            field_dict["attribute"] = attribute
        if correlation_id is not UNSET:
            field_dict["correlation_id"] = correlation_id
        if created_after is not UNSET:
            field_dict["created_after"] = created_after
        if created_before is not UNSET:
            field_dict["created_before"] = created_before
        if ended_after is not UNSET:
            field_dict["ended_after"] = ended_after
        if ended_before is not UNSET:
            field_dict["ended_before"] = ended_before
        if error_type is not UNSET:
            field_dict["error_type"] = error_type
        if failed_step is not UNSET:
            field_dict["failed_step"] = failed_step
        if has_dlq_entry is not UNSET:
            field_dict["has_dlq_entry"] = has_dlq_entry
        if initiator is not UNSET:
            field_dict["initiator"] = initiator
        if name is not UNSET:
            field_dict["name"] = name
        if namespace is not UNSET:
            field_dict["namespace"] = namespace
        if open_ is not UNSET:
            field_dict["open"] = open_
        if order is not UNSET:
            field_dict["order"] = order
        if parent_correlation_id is not UNSET:
            field_dict["parent_correlation_id"] = parent_correlation_id
        if paused is not UNSET:
            field_dict["paused"] = paused
        if q is not UNSET:
            field_dict["q"] = q
        if source_system is not UNSET:
            field_dict["source_system"] = source_system
        if state is not UNSET:
            field_dict["state"] = state
        if tag is not UNSET:
            field_dict["tag"] = tag
        if tag_any is not UNSET:
            field_dict["tag_any"] = tag_any
        if version is not UNSET:
            field_dict["version"] = version

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        attribute = cast(list[str], d.pop("attribute", UNSET))

        def _parse_correlation_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        correlation_id = _parse_correlation_id(d.pop("correlation_id", UNSET))

        def _parse_created_after(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        created_after = _parse_created_after(d.pop("created_after", UNSET))

        def _parse_created_before(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        created_before = _parse_created_before(d.pop("created_before", UNSET))

        def _parse_ended_after(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        ended_after = _parse_ended_after(d.pop("ended_after", UNSET))

        def _parse_ended_before(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        ended_before = _parse_ended_before(d.pop("ended_before", UNSET))

        def _parse_error_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_type = _parse_error_type(d.pop("error_type", UNSET))

        def _parse_failed_step(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        failed_step = _parse_failed_step(d.pop("failed_step", UNSET))

        def _parse_has_dlq_entry(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        has_dlq_entry = _parse_has_dlq_entry(d.pop("has_dlq_entry", UNSET))

        def _parse_initiator(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        initiator = _parse_initiator(d.pop("initiator", UNSET))

        def _parse_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        name = _parse_name(d.pop("name", UNSET))

        def _parse_namespace(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        namespace = _parse_namespace(d.pop("namespace", UNSET))

        def _parse_open_(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        open_ = _parse_open_(d.pop("open", UNSET))

        def _parse_order(data: object) -> None | Order | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                order_type_0 = check_order(data)

                return order_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Order | Unset, data)

        order = _parse_order(d.pop("order", UNSET))

        def _parse_parent_correlation_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        parent_correlation_id = _parse_parent_correlation_id(
            d.pop("parent_correlation_id", UNSET)
        )

        def _parse_paused(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        paused = _parse_paused(d.pop("paused", UNSET))

        def _parse_q(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        q = _parse_q(d.pop("q", UNSET))

        def _parse_source_system(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source_system = _parse_source_system(d.pop("source_system", UNSET))

        state = cast(list[str], d.pop("state", UNSET))

        tag = cast(list[str], d.pop("tag", UNSET))

        tag_any = cast(list[str], d.pop("tag_any", UNSET))

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        task_filters = cls(
            attribute=attribute,
            correlation_id=correlation_id,
            created_after=created_after,
            created_before=created_before,
            ended_after=ended_after,
            ended_before=ended_before,
            error_type=error_type,
            failed_step=failed_step,
            has_dlq_entry=has_dlq_entry,
            initiator=initiator,
            name=name,
            namespace=namespace,
            open_=open_,
            order=order,
            parent_correlation_id=parent_correlation_id,
            paused=paused,
            q=q,
            source_system=source_system,
            state=state,
            tag=tag,
            tag_any=tag_any,
            version=version,
        )

        return task_filters
