from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.dlq_entry import DlqEntry
    from ..models.step_overview import StepOverview
    from ..models.task_detail import TaskDetail
    from ..models.task_overview_links import TaskOverviewLinks


T = TypeVar("T", bound="TaskOverview")


@_attrs_define
class TaskOverview:
    """A task and its steps, without documents.

    Attributes:
        dlq_entries (list[DlqEntry]): Its newest DLQ entries, without snapshots, at most 20.
        full_name (str): Namespace, name and version of its template: `namespace.name@version`.
        links (TaskOverviewLinks): Where the rest is: `input`, `steps`, `graph`, `timeline`, `logs`, `audit`,
            `template`.
        steps (list[StepOverview]): The steps of its template, in the template's order.
        task (TaskDetail): A task with derived status.
        withheld (list[str] | Unset): The fields that the caller may not read.
    """

    dlq_entries: list[DlqEntry]
    full_name: str
    links: TaskOverviewLinks
    steps: list[StepOverview]
    task: TaskDetail
    withheld: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        dlq_entries = []
        for dlq_entries_item_data in self.dlq_entries:
            dlq_entries_item = dlq_entries_item_data.to_dict()
            dlq_entries.append(dlq_entries_item)

        full_name = self.full_name

        links = self.links.to_dict()

        steps = []
        for steps_item_data in self.steps:
            steps_item = steps_item_data.to_dict()
            steps.append(steps_item)

        task = self.task.to_dict()

        withheld: list[str] | Unset = UNSET
        if not isinstance(self.withheld, Unset):
            withheld = self.withheld

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "dlq_entries": dlq_entries,
                "full_name": full_name,
                "links": links,
                "steps": steps,
                "task": task,
            }
        )
        if withheld is not UNSET:
            field_dict["withheld"] = withheld

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.dlq_entry import DlqEntry
        from ..models.step_overview import StepOverview
        from ..models.task_detail import TaskDetail
        from ..models.task_overview_links import TaskOverviewLinks

        d = dict(src_dict)
        dlq_entries = []
        _dlq_entries = d.pop("dlq_entries")
        for dlq_entries_item_data in _dlq_entries:
            dlq_entries_item = DlqEntry.from_dict(dlq_entries_item_data)

            dlq_entries.append(dlq_entries_item)

        full_name = d.pop("full_name")

        links = TaskOverviewLinks.from_dict(d.pop("links"))

        steps = []
        _steps = d.pop("steps")
        for steps_item_data in _steps:
            steps_item = StepOverview.from_dict(steps_item_data)

            steps.append(steps_item)

        task = TaskDetail.from_dict(d.pop("task"))

        withheld = cast(list[str], d.pop("withheld", UNSET))

        task_overview = cls(
            dlq_entries=dlq_entries,
            full_name=full_name,
            links=links,
            steps=steps,
            task=task,
            withheld=withheld,
        )

        task_overview.additional_properties = d
        return task_overview

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
