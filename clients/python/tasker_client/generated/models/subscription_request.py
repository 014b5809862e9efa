from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define

from ..models.subscription_kind import SubscriptionKind, check_subscription_kind

T = TypeVar("T", bound="SubscriptionRequest")


@_attrs_define
class SubscriptionRequest:
    """A request to subscribe to events.

    Attributes:
        event (str): The name of an event, or a prefix followed by `*`.
        kind (SubscriptionKind): The kind of a subscription's target.
        name (str): The name of the subscription.
        target (Any): The target.
    """

    event: str
    kind: SubscriptionKind
    name: str
    target: Any

    def to_dict(self) -> dict[str, Any]:
        event = self.event

        kind: str = self.kind

        name = self.name

        target = self.target

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "event": event,
                "kind": kind,
                "name": name,
                "target": target,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        event = d.pop("event")

        kind = check_subscription_kind(d.pop("kind"))

        name = d.pop("name")

        target = d.pop("target")

        subscription_request = cls(
            event=event,
            kind=kind,
            name=name,
            target=target,
        )

        return subscription_request
