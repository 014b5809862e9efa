from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.batch_group import BatchGroup


T = TypeVar("T", bound="DrawnNode")


@_attrs_define
class DrawnNode:
    """A step in a drawing.

    Attributes:
        attempt (int): The number of its current attempt; of batch workers, the highest.
        created (bool): Whether it was created. In a template: whether it is created with each task.
        handler (str): The callable of its handler.
        height (float): The height.
        id (str): The name of the template step.
        level (int): The length of the longest path to it.
        max_attempts (int): The maximum number of attempts.
        name (str): The same, for people.
        type_ (str): The type of the step.
        width (float): The width.
        x (float): The left edge.
        y (float): The top edge.
        finished_at (datetime.datetime | None | Unset): When the current attempt ended; of batch workers, the last.
        group (BatchGroup | None | Unset):
        started_at (datetime.datetime | None | Unset): When the current attempt started; of batch workers, the first.
        state (None | str | Unset): Its state. None in a template, for a step that was not created, and for batch
            workers.
    """

    attempt: int
    created: bool
    handler: str
    height: float
    id: str
    level: int
    max_attempts: int
    name: str
    type_: str
    width: float
    x: float
    y: float
    finished_at: datetime.datetime | None | Unset = UNSET
    group: BatchGroup | None | Unset = UNSET
    started_at: datetime.datetime | None | Unset = UNSET
    state: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.batch_group import BatchGroup

        attempt = self.attempt

        created = self.created

        handler = self.handler

        height = self.height

        id = self.id

        level = self.level

        max_attempts = self.max_attempts

        name = self.name

        type_ = self.type_

        width = self.width

        x = self.x

        y = self.y

        finished_at: None | str | Unset
        if isinstance(self.finished_at, Unset):
            finished_at = UNSET
        elif isinstance(self.finished_at, datetime.datetime):
            finished_at = self.finished_at.isoformat()
        else:
            finished_at = self.finished_at

        group: dict[str, Any] | None | Unset
        if isinstance(self.group, Unset):
            group = UNSET
        elif isinstance(self.group, BatchGroup):
            group = self.group.to_dict()
        else:
            group = self.group

        started_at: None | str | Unset
        if isinstance(self.started_at, Unset):
            started_at = UNSET
        elif isinstance(self.started_at, datetime.datetime):
            started_at = self.started_at.isoformat()
        else:
            started_at = self.started_at

        state: None | str | Unset
        if isinstance(self.state, Unset):
            state = UNSET
        else:
            state = self.state

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempt": attempt,
                "created": created,
                "handler": handler,
                "height": height,
                "id": id,
                "level": level,
                "max_attempts": max_attempts,
                "name": name,
                "type": type_,
                "width": width,
                "x": x,
                "y": y,
            }
        )
        if finished_at is not UNSET:
            field_dict["finished_at"] = finished_at
        if group is not UNSET:
            field_dict["group"] = group
        if started_at is not UNSET:
            field_dict["started_at"] = started_at
        if state is not UNSET:
            field_dict["state"] = state

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.batch_group import BatchGroup

        d = dict(src_dict)
        attempt = d.pop("attempt")

        created = d.pop("created")

        handler = d.pop("handler")

        height = d.pop("height")

        id = d.pop("id")

        level = d.pop("level")

        max_attempts = d.pop("max_attempts")

        name = d.pop("name")

        type_ = d.pop("type")

        width = d.pop("width")

        x = d.pop("x")

        y = d.pop("y")

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

        def _parse_group(data: object) -> BatchGroup | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                group_type_0 = BatchGroup.from_dict(data)

                return group_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(BatchGroup | None | Unset, data)

        group = _parse_group(d.pop("group", UNSET))

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

        def _parse_state(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        state = _parse_state(d.pop("state", UNSET))

        drawn_node = cls(
            attempt=attempt,
            created=created,
            handler=handler,
            height=height,
            id=id,
            level=level,
            max_attempts=max_attempts,
            name=name,
            type_=type_,
            width=width,
            x=x,
            y=y,
            finished_at=finished_at,
            group=group,
            started_at=started_at,
            state=state,
        )

        drawn_node.additional_properties = d
        return drawn_node

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
