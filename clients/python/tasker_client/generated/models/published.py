from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Published")


@_attrs_define
class Published:
    """A written event and the state of its deliveries.

    Attributes:
        at (datetime.datetime): When it happened.
        event_id (int): The id of the event; later events have higher ids.
        failed_deliveries (int): The number of deliveries that were given up.
        name (str): The event's name.
        pending_deliveries (int): The number of deliveries that are not yet done.
        task_id (UUID): The task.
        error (None | str | Unset): Why it was rejected. None if it was published.
        last_error (None | str | Unset): The error of the last failed delivery.
        published_at (datetime.datetime | None | Unset): When it was processed: its deliveries were created, or it was
            rejected with an error.
    """

    at: datetime.datetime
    event_id: int
    failed_deliveries: int
    name: str
    pending_deliveries: int
    task_id: UUID
    error: None | str | Unset = UNSET
    last_error: None | str | Unset = UNSET
    published_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        at = self.at.isoformat()

        event_id = self.event_id

        failed_deliveries = self.failed_deliveries

        name = self.name

        pending_deliveries = self.pending_deliveries

        task_id = str(self.task_id)

        error: None | str | Unset
        if isinstance(self.error, Unset):
            error = UNSET
        else:
            error = self.error

        last_error: None | str | Unset
        if isinstance(self.last_error, Unset):
            last_error = UNSET
        else:
            last_error = self.last_error

        published_at: None | str | Unset
        if isinstance(self.published_at, Unset):
            published_at = UNSET
        elif isinstance(self.published_at, datetime.datetime):
            published_at = self.published_at.isoformat()
        else:
            published_at = self.published_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "at": at,
                "event_id": event_id,
                "failed_deliveries": failed_deliveries,
                "name": name,
                "pending_deliveries": pending_deliveries,
                "task_id": task_id,
            }
        )
        if error is not UNSET:
            field_dict["error"] = error
        if last_error is not UNSET:
            field_dict["last_error"] = last_error
        if published_at is not UNSET:
            field_dict["published_at"] = published_at

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        at = datetime.datetime.fromisoformat(d.pop("at"))

        event_id = d.pop("event_id")

        failed_deliveries = d.pop("failed_deliveries")

        name = d.pop("name")

        pending_deliveries = d.pop("pending_deliveries")

        task_id = UUID(d.pop("task_id"))

        def _parse_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error = _parse_error(d.pop("error", UNSET))

        def _parse_last_error(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        last_error = _parse_last_error(d.pop("last_error", UNSET))

        def _parse_published_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                published_at_type_0 = datetime.datetime.fromisoformat(data)

                return published_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        published_at = _parse_published_at(d.pop("published_at", UNSET))

        published = cls(
            at=at,
            event_id=event_id,
            failed_deliveries=failed_deliveries,
            name=name,
            pending_deliveries=pending_deliveries,
            task_id=task_id,
            error=error,
            last_error=last_error,
            published_at=published_at,
        )

        published.additional_properties = d
        return published

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
