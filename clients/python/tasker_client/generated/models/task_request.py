from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="TaskRequest")


@_attrs_define
class TaskRequest:
    """A request to create a task.

    Attributes:
        name (str): The template's name.
        context (Any | Unset): The input.
        correlation_id (None | str | Unset): Links the task to its cause, across systems. Default: a new id.
        idempotency_key (None | str | Unset): Requests with the same key create one task.
        initiator (None | str | Unset): Who requests the task.
        namespace (str | Unset): The template's namespace.
        parent_correlation_id (None | str | Unset): The correlation id of the cause's own cause.
        priority (int | Unset): From -100 (last) to 100 (first): the order of steps that become ready together.
        reason (None | str | Unset): The reason for the request.
        source_system (None | str | Unset): The system that the request comes from.
        tags (list[str] | Unset): Tags to find the task by.
        traceparent (None | str | Unset): W3C trace context for the task's steps.
        version (None | str | Unset): The template's version. Default: the latest.
    """

    name: str
    context: Any | Unset = UNSET
    correlation_id: None | str | Unset = UNSET
    idempotency_key: None | str | Unset = UNSET
    initiator: None | str | Unset = UNSET
    namespace: str | Unset = UNSET
    parent_correlation_id: None | str | Unset = UNSET
    priority: int | Unset = UNSET
    reason: None | str | Unset = UNSET
    source_system: None | str | Unset = UNSET
    tags: list[str] | Unset = UNSET
    traceparent: None | str | Unset = UNSET
    version: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        context = self.context

        correlation_id: None | str | Unset
        if isinstance(self.correlation_id, Unset):
            correlation_id = UNSET
        else:
            correlation_id = self.correlation_id

        idempotency_key: None | str | Unset
        if isinstance(self.idempotency_key, Unset):
            idempotency_key = UNSET
        else:
            idempotency_key = self.idempotency_key

        initiator: None | str | Unset
        if isinstance(self.initiator, Unset):
            initiator = UNSET
        else:
            initiator = self.initiator

        namespace = self.namespace

        parent_correlation_id: None | str | Unset
        if isinstance(self.parent_correlation_id, Unset):
            parent_correlation_id = UNSET
        else:
            parent_correlation_id = self.parent_correlation_id

        priority = self.priority

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        source_system: None | str | Unset
        if isinstance(self.source_system, Unset):
            source_system = UNSET
        else:
            source_system = self.source_system

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags

        traceparent: None | str | Unset
        if isinstance(self.traceparent, Unset):
            traceparent = UNSET
        else:
            traceparent = self.traceparent

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if context is not UNSET:
            field_dict["context"] = context
        if correlation_id is not UNSET:
            field_dict["correlation_id"] = correlation_id
        if idempotency_key is not UNSET:
            field_dict["idempotency_key"] = idempotency_key
        if initiator is not UNSET:
            field_dict["initiator"] = initiator
        if namespace is not UNSET:
            field_dict["namespace"] = namespace
        if parent_correlation_id is not UNSET:
            field_dict["parent_correlation_id"] = parent_correlation_id
        if priority is not UNSET:
            field_dict["priority"] = priority
        if reason is not UNSET:
            field_dict["reason"] = reason
        if source_system is not UNSET:
            field_dict["source_system"] = source_system
        if tags is not UNSET:
            field_dict["tags"] = tags
        if traceparent is not UNSET:
            field_dict["traceparent"] = traceparent
        if version is not UNSET:
            field_dict["version"] = version

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        context = d.pop("context", UNSET)

        def _parse_correlation_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        correlation_id = _parse_correlation_id(d.pop("correlation_id", UNSET))

        def _parse_idempotency_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        idempotency_key = _parse_idempotency_key(d.pop("idempotency_key", UNSET))

        def _parse_initiator(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        initiator = _parse_initiator(d.pop("initiator", UNSET))

        namespace = d.pop("namespace", UNSET)

        def _parse_parent_correlation_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        parent_correlation_id = _parse_parent_correlation_id(
            d.pop("parent_correlation_id", UNSET)
        )

        priority = d.pop("priority", UNSET)

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_source_system(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        source_system = _parse_source_system(d.pop("source_system", UNSET))

        tags = cast(list[str], d.pop("tags", UNSET))

        def _parse_traceparent(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        traceparent = _parse_traceparent(d.pop("traceparent", UNSET))

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        task_request = cls(
            name=name,
            context=context,
            correlation_id=correlation_id,
            idempotency_key=idempotency_key,
            initiator=initiator,
            namespace=namespace,
            parent_correlation_id=parent_correlation_id,
            priority=priority,
            reason=reason,
            source_system=source_system,
            tags=tags,
            traceparent=traceparent,
            version=version,
        )

        return task_request
