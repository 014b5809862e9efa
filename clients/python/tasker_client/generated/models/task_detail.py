from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.execution_status import ExecutionStatus, check_execution_status
from ..models.health_status import HealthStatus, check_health_status
from ..models.recommended_action import RecommendedAction, check_recommended_action
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.step_counts import StepCounts
    from ..models.task_summary_attributes import TaskSummaryAttributes


T = TypeVar("T", bound="TaskDetail")


@_attrs_define
class TaskDetail:
    """A task with derived status.

    Attributes:
        completion_percentage (float): The percentage of satisfied steps, 0 to 100.
        correlation_id (str): Links the task to its cause, across systems.
        created_at (datetime.datetime): When it was created.
        name (str): The name of its template.
        namespace (str): The namespace of its template.
        priority (int): From -100 (last) to 100 (first).
        status (str): The state of the task.
        steps (StepCounts): The number of a task's steps by state.
        tags (list[str]): The tags of the request.
        task_id (UUID): The task, a UUIDv7.
        version (str): The version of its template.
        execution_status (ExecutionStatus): A summary of a task's steps. The first variant that applies.
        health_status (HealthStatus): The health of a task.
        recommended_action (RecommendedAction): The recommended action for a task.
        attributes (TaskSummaryAttributes | Unset): The search attributes of its template, with the input's values.
        completed_at (datetime.datetime | None | Unset): When it ended.
        has_dlq_entry (bool | Unset): Whether it has or had a DLQ entry.
        initiator (None | str | Unset): Who requested it.
        matched (None | str | Unset): What the text of the search was found in: `task_id`, `template`, `tag`,
            `correlation_id`, `parent_correlation_id`,
            `initiator`, `source_system`, or the name of a search attribute.
        parent_correlation_id (None | str | Unset): The correlation id of the cause's own cause.
        paused_at (datetime.datetime | None | Unset): When an operator paused it.
        reason (None | str | Unset): The reason for the request.
        source_system (None | str | Unset): The system that the request came from.
        context (Any | Unset): The input of the task.
        withheld (list[str] | Unset): The fields that the caller may not read.
    """

    completion_percentage: float
    correlation_id: str
    created_at: datetime.datetime
    name: str
    namespace: str
    priority: int
    status: str
    steps: StepCounts
    tags: list[str]
    task_id: UUID
    version: str
    execution_status: ExecutionStatus
    health_status: HealthStatus
    recommended_action: RecommendedAction
    attributes: TaskSummaryAttributes | Unset = UNSET
    completed_at: datetime.datetime | None | Unset = UNSET
    has_dlq_entry: bool | Unset = UNSET
    initiator: None | str | Unset = UNSET
    matched: None | str | Unset = UNSET
    parent_correlation_id: None | str | Unset = UNSET
    paused_at: datetime.datetime | None | Unset = UNSET
    reason: None | str | Unset = UNSET
    source_system: None | str | Unset = UNSET
    context: Any | Unset = UNSET
    withheld: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        completion_percentage = self.completion_percentage

        correlation_id = self.correlation_id

        created_at = self.created_at.isoformat()

        name = self.name

        namespace = self.namespace

        priority = self.priority

        status = self.status

        steps = self.steps.to_dict()

        tags = self.tags

        task_id = str(self.task_id)

        version = self.version

        execution_status: str = self.execution_status

        health_status: str = self.health_status

        recommended_action: str = self.recommended_action

        attributes: dict[str, Any] | Unset = UNSET
        if not isinstance(self.attributes, Unset):
            attributes = self.attributes.to_dict()

        completed_at: None | str | Unset
        if isinstance(self.completed_at, Unset):
            completed_at = UNSET
        elif isinstance(self.completed_at, datetime.datetime):
            completed_at = self.completed_at.isoformat()
        else:
            completed_at = self.completed_at

        has_dlq_entry = self.has_dlq_entry

        initiator: None | str | Unset
        if isinstance(self.initiator, Unset):
            initiator = UNSET
        else:
            initiator = self.initiator

        matched: None | str | Unset
        if isinstance(self.matched, Unset):
            matched = UNSET
        else:
            matched = self.matched

        parent_correlation_id: None | str | Unset
        if isinstance(self.parent_correlation_id, Unset):
            parent_correlation_id = UNSET
        else:
            parent_correlation_id = self.parent_correlation_id

        paused_at: None | str | Unset
        if isinstance(self.paused_at, Unset):
            paused_at = UNSET
        elif isinstance(self.paused_at, datetime.datetime):
            paused_at = self.paused_at.isoformat()
        else:
            paused_at = self.paused_at

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

        context = self.context

        withheld: list[str] | Unset = UNSET
        if not isinstance(self.withheld, Unset):
            withheld = self.withheld

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "completion_percentage": completion_percentage,
                "correlation_id": correlation_id,
                "created_at": created_at,
                "name": name,
                "namespace": namespace,
                "priority": priority,
                "status": status,
                "steps": steps,
                "tags": tags,
                "task_id": task_id,
                "version": version,
                "execution_status": execution_status,
                "health_status": health_status,
                "recommended_action": recommended_action,
            }
        )
        if attributes is not UNSET:
            field_dict["attributes"] = attributes
        if completed_at is not UNSET:
            field_dict["completed_at"] = completed_at
        if has_dlq_entry is not UNSET:
            field_dict["has_dlq_entry"] = has_dlq_entry
        if initiator is not UNSET:
            field_dict["initiator"] = initiator
        if matched is not UNSET:
            field_dict["matched"] = matched
        if parent_correlation_id is not UNSET:
            field_dict["parent_correlation_id"] = parent_correlation_id
        if paused_at is not UNSET:
            field_dict["paused_at"] = paused_at
        if reason is not UNSET:
            field_dict["reason"] = reason
        if source_system is not UNSET:
            field_dict["source_system"] = source_system
        if context is not UNSET:
            field_dict["context"] = context
        if withheld is not UNSET:
            field_dict["withheld"] = withheld

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.step_counts import StepCounts
        from ..models.task_summary_attributes import TaskSummaryAttributes

        d = dict(src_dict)
        completion_percentage = d.pop("completion_percentage")

        correlation_id = d.pop("correlation_id")

        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        name = d.pop("name")

        namespace = d.pop("namespace")

        priority = d.pop("priority")

        status = d.pop("status")

        steps = StepCounts.from_dict(d.pop("steps"))

        tags = cast(list[str], d.pop("tags"))

        task_id = UUID(d.pop("task_id"))

        version = d.pop("version")

        execution_status = check_execution_status(d.pop("execution_status"))

        health_status = check_health_status(d.pop("health_status"))

        recommended_action = check_recommended_action(d.pop("recommended_action"))

        _attributes = d.pop("attributes", UNSET)
        attributes: TaskSummaryAttributes | Unset
        if isinstance(_attributes, Unset):
            attributes = UNSET
        else:
            attributes = TaskSummaryAttributes.from_dict(_attributes)

        def _parse_completed_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                completed_at_type_0 = datetime.datetime.fromisoformat(data)

                return completed_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        completed_at = _parse_completed_at(d.pop("completed_at", UNSET))

        has_dlq_entry = d.pop("has_dlq_entry", UNSET)

        def _parse_initiator(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        initiator = _parse_initiator(d.pop("initiator", UNSET))

        def _parse_matched(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        matched = _parse_matched(d.pop("matched", UNSET))

        def _parse_parent_correlation_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        parent_correlation_id = _parse_parent_correlation_id(
            d.pop("parent_correlation_id", UNSET)
        )

        def _parse_paused_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                paused_at_type_0 = datetime.datetime.fromisoformat(data)

                return paused_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        paused_at = _parse_paused_at(d.pop("paused_at", UNSET))

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

        context = d.pop("context", UNSET)

        withheld = cast(list[str], d.pop("withheld", UNSET))

        task_detail = cls(
            completion_percentage=completion_percentage,
            correlation_id=correlation_id,
            created_at=created_at,
            name=name,
            namespace=namespace,
            priority=priority,
            status=status,
            steps=steps,
            tags=tags,
            task_id=task_id,
            version=version,
            execution_status=execution_status,
            health_status=health_status,
            recommended_action=recommended_action,
            attributes=attributes,
            completed_at=completed_at,
            has_dlq_entry=has_dlq_entry,
            initiator=initiator,
            matched=matched,
            parent_correlation_id=parent_correlation_id,
            paused_at=paused_at,
            reason=reason,
            source_system=source_system,
            context=context,
            withheld=withheld,
        )

        task_detail.additional_properties = d
        return task_detail

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
