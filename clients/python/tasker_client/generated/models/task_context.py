from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.task_context_results import TaskContextResults


T = TypeVar("T", bound="TaskContext")


@_attrs_define
class TaskContext:
    """The input and the results of a task.

    Attributes:
        input_ (Any): Its input.
        is_truncated (bool): Whether there are more results than the first 1,000.
        results (TaskContextResults): The result of each completed step, by its name. A long one is `{"$omitted":
            {"bytes", "href"}}`.
        task_id (UUID): The task.
    """

    input_: Any
    is_truncated: bool
    results: TaskContextResults
    task_id: UUID
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        input_ = self.input_

        is_truncated = self.is_truncated

        results = self.results.to_dict()

        task_id = str(self.task_id)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "input": input_,
                "is_truncated": is_truncated,
                "results": results,
                "task_id": task_id,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.task_context_results import TaskContextResults

        d = dict(src_dict)
        input_ = d.pop("input")

        is_truncated = d.pop("is_truncated")

        results = TaskContextResults.from_dict(d.pop("results"))

        task_id = UUID(d.pop("task_id"))

        task_context = cls(
            input_=input_,
            is_truncated=is_truncated,
            results=results,
            task_id=task_id,
        )

        task_context.additional_properties = d
        return task_context

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
