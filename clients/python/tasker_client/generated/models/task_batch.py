from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.task_request import TaskRequest


T = TypeVar("T", bound="TaskBatch")


@_attrs_define
class TaskBatch:
    """Requests to create tasks.

    Attributes:
        tasks (list[TaskRequest]): The requests, at most 1,000. Each stands for itself: an invalid one does not concern
            the others.
    """

    tasks: list[TaskRequest]

    def to_dict(self) -> dict[str, Any]:
        tasks = []
        for tasks_item_data in self.tasks:
            tasks_item = tasks_item_data.to_dict()
            tasks.append(tasks_item)

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "tasks": tasks,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.task_request import TaskRequest

        d = dict(src_dict)
        tasks = []
        _tasks = d.pop("tasks")
        for tasks_item_data in _tasks:
            tasks_item = TaskRequest.from_dict(tasks_item_data)

            tasks.append(tasks_item)

        task_batch = cls(
            tasks=tasks,
        )

        return task_batch
