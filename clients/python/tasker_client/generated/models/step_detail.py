from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="StepDetail")


@_attrs_define
class StepDetail:
    """A step.

    Attributes:
        attempt (int): The number of the current attempt; 0 before the first.
        component (str): The component that contains the handler: the SHA-256 of its bytes.
        dependencies (list[str]): The template steps that it depends on, as far as they were created.
        execution (int): How often the step was enqueued: attempts, and resumptions from checkpoints.
        handler (str): The callable of its handler.
        max_attempts (int): The maximum number of attempts.
        name (str): Its name, unique in its task.
        state (str): The state of the step.
        step_index (int): The step within its task, counting from 0.
        step_type (str): The type of the step.
        task_id (UUID): The task, a UUIDv7.
        template_step (str): The name of its template step: differs from `name` only for batch workers.
        checkpoint (Any | Unset): The last checkpoint, while the step is not complete.
        checkpoint_history (Any | Unset): The last ten checkpoints: number, attempt, time, host.
        checkpoints (int | Unset): The number of saved checkpoints.
        cursor (Any | Unset): For a batch worker: its cursor.
        enqueued_at (datetime.datetime | None | Unset): When the current attempt was enqueued.
        finished_at (datetime.datetime | None | Unset): When the current attempt ended.
        host (None | str | Unset): The host that ran it.
        isolated (bool | Unset): Whether the step failed and its batch continues without it.
        last_failure (Any | Unset): The failure of the last failed attempt.
        next_retry_at (datetime.datetime | None | Unset): When the next attempt is due.
        progress (None | str | Unset): The progress that the handler last reported.
        result (Any | Unset): The result of the completed step.
        started_at (datetime.datetime | None | Unset): When the current attempt started.
        withheld (list[str] | Unset): The fields that the caller may not read.
    """

    attempt: int
    component: str
    dependencies: list[str]
    execution: int
    handler: str
    max_attempts: int
    name: str
    state: str
    step_index: int
    step_type: str
    task_id: UUID
    template_step: str
    checkpoint: Any | Unset = UNSET
    checkpoint_history: Any | Unset = UNSET
    checkpoints: int | Unset = UNSET
    cursor: Any | Unset = UNSET
    enqueued_at: datetime.datetime | None | Unset = UNSET
    finished_at: datetime.datetime | None | Unset = UNSET
    host: None | str | Unset = UNSET
    isolated: bool | Unset = UNSET
    last_failure: Any | Unset = UNSET
    next_retry_at: datetime.datetime | None | Unset = UNSET
    progress: None | str | Unset = UNSET
    result: Any | Unset = UNSET
    started_at: datetime.datetime | None | Unset = UNSET
    withheld: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        attempt = self.attempt

        component = self.component

        dependencies = self.dependencies

        execution = self.execution

        handler = self.handler

        max_attempts = self.max_attempts

        name = self.name

        state = self.state

        step_index = self.step_index

        step_type = self.step_type

        task_id = str(self.task_id)

        template_step = self.template_step

        checkpoint = self.checkpoint

        checkpoint_history = self.checkpoint_history

        checkpoints = self.checkpoints

        cursor = self.cursor

        enqueued_at: None | str | Unset
        if isinstance(self.enqueued_at, Unset):
            enqueued_at = UNSET
        elif isinstance(self.enqueued_at, datetime.datetime):
            enqueued_at = self.enqueued_at.isoformat()
        else:
            enqueued_at = self.enqueued_at

        finished_at: None | str | Unset
        if isinstance(self.finished_at, Unset):
            finished_at = UNSET
        elif isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        host: None | str | Unset
        if isinstance(self.host, Unset):
            host = UNSET
        else:
            host = self.host

        isolated = self.isolated

        last_failure = self.last_failure

        next_retry_at: None | str | Unset
        if isinstance(self.next_retry_at, Unset):
            next_retry_at = UNSET
        elif isinstance(self.next_retry_at, datetime.datetime):
            next_retry_at = self.next_retry_at.isoformat()
        else:
            next_retry_at = self.next_retry_at

        progress: None | str | Unset
        if isinstance(self.progress, Unset):
            progress = UNSET
        else:
            progress = self.progress

        result = self.result

        started_at: None | str | Unset
        if isinstance(self.started_at, Unset):
            started_at = UNSET
        elif isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        withheld: list[str] | Unset = UNSET
        if not isinstance(self.withheld, Unset):
            withheld = self.withheld

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempt": attempt,
                "component": component,
                "dependencies": dependencies,
                "execution": execution,
                "handler": handler,
                "max_attempts": max_attempts,
                "name": name,
                "state": state,
                "step_index": step_index,
                "step_type": step_type,
                "task_id": task_id,
                "template_step": template_step,
            }
        )
        if checkpoint is not UNSET:
            field_dict["checkpoint"] = checkpoint
        if checkpoint_history is not UNSET:
            field_dict["checkpoint_history"] = checkpoint_history
        if checkpoints is not UNSET:
            field_dict["checkpoints"] = checkpoints
        if cursor is not UNSET:
            field_dict["cursor"] = cursor
        if enqueued_at is not UNSET:
            field_dict["enqueued_at"] = enqueued_at
        if finished_at is not UNSET:
            field_dict["finished_at"] = finished_at
        if host is not UNSET:
            field_dict["host"] = host
        if isolated is not UNSET:
            field_dict["isolated"] = isolated
        if last_failure is not UNSET:
            field_dict["last_failure"] = last_failure
        if next_retry_at is not UNSET:
            field_dict["next_retry_at"] = next_retry_at
        if progress is not UNSET:
            field_dict["progress"] = progress
        if result is not UNSET:
            field_dict["result"] = result
        if started_at is not UNSET:
            field_dict["started_at"] = started_at
        if withheld is not UNSET:
            field_dict["withheld"] = withheld

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        attempt = d.pop("attempt")

        component = d.pop("component")

        dependencies = cast(list[str], d.pop("dependencies"))

        execution = d.pop("execution")

        handler = d.pop("handler")

        max_attempts = d.pop("max_attempts")

        name = d.pop("name")

        state = d.pop("state")

        step_index = d.pop("step_index")

        step_type = d.pop("step_type")

        task_id = UUID(d.pop("task_id"))

        template_step = d.pop("template_step")

        checkpoint = d.pop("checkpoint", UNSET)

        checkpoint_history = d.pop("checkpoint_history", UNSET)

        checkpoints = d.pop("checkpoints", UNSET)

        cursor = d.pop("cursor", UNSET)

        def _parse_enqueued_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                enqueued_at_type_0 = datetime.datetime.fromisoformat(data)

                return enqueued_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        enqueued_at = _parse_enqueued_at(d.pop("enqueued_at", UNSET))

        def _parse_finished_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                finished_at_type_0 = datetime.datetime.fromisoformat(data)

                return finished_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        finished_at = _parse_finished_at(d.pop("finished_at", UNSET))

        def _parse_host(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        host = _parse_host(d.pop("host", UNSET))

        isolated = d.pop("isolated", UNSET)

        last_failure = d.pop("last_failure", UNSET)

        def _parse_next_retry_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                next_retry_at_type_0 = datetime.datetime.fromisoformat(data)

                return next_retry_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        next_retry_at = _parse_next_retry_at(d.pop("next_retry_at", UNSET))

        def _parse_progress(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        progress = _parse_progress(d.pop("progress", UNSET))

        result = d.pop("result", UNSET)

        def _parse_started_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                started_at_type_0 = datetime.datetime.fromisoformat(data)

                return started_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        started_at = _parse_started_at(d.pop("started_at", UNSET))

        withheld = cast(list[str], d.pop("withheld", UNSET))

        step_detail = cls(
            attempt=attempt,
            component=component,
            dependencies=dependencies,
            execution=execution,
            handler=handler,
            max_attempts=max_attempts,
            name=name,
            state=state,
            step_index=step_index,
            step_type=step_type,
            task_id=task_id,
            template_step=template_step,
            checkpoint=checkpoint,
            checkpoint_history=checkpoint_history,
            checkpoints=checkpoints,
            cursor=cursor,
            enqueued_at=enqueued_at,
            finished_at=finished_at,
            host=host,
            isolated=isolated,
            last_failure=last_failure,
            next_retry_at=next_retry_at,
            progress=progress,
            result=result,
            started_at=started_at,
            withheld=withheld,
        )

        step_detail.additional_properties = d
        return step_detail

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
