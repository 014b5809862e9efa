from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.subscription_kind import SubscriptionKind, check_subscription_kind

T = TypeVar("T", bound="Subscription")


@_attrs_define
class Subscription:
    """A subscription to events.

    Attributes:
        created_at (datetime.datetime): When it was created.
        event (str): The name of an event, or a prefix followed by `*`.
        kind (SubscriptionKind): The kind of a subscription's target.
        name (str): The name of the subscription.
        subscription_id (UUID): The id of the subscription.
        target (Any): The target. A secret is returned only on creation.
    """

    created_at: datetime.datetime
    event: str
    kind: SubscriptionKind
    name: str
    subscription_id: UUID
    target: Any
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        event = self.event

        kind: str = self.kind

        name = self.name

        subscription_id = str(self.subscription_id)

        target = self.target

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "event": event,
                "kind": kind,
                "name": name,
                "subscription_id": subscription_id,
                "target": target,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        event = d.pop("event")

        kind = check_subscription_kind(d.pop("kind"))

        name = d.pop("name")

        subscription_id = UUID(d.pop("subscription_id"))

        target = d.pop("target")

        subscription = cls(
            created_at=created_at,
            event=event,
            kind=kind,
            name=name,
            subscription_id=subscription_id,
            target=target,
        )

        subscription.additional_properties = d
        return subscription

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
