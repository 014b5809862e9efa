from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.trigger_trial import TriggerTrial


T = TypeVar("T", bound="EventTrial")


@_attrs_define
class EventTrial:
    """What the published triggers would do with an event.

    Attributes:
        starts (bool): Whether it would start tasks. Otherwise it would become a dead letter.
        triggers (list[TriggerTrial]): The result of each trigger, those that match first.
        unreadable (list[str]): Triggers that cannot be read, each with the reason: with one of them every event becomes
            a dead letter.
    """

    starts: bool
    triggers: list[TriggerTrial]
    unreadable: list[str]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        starts = self.starts

        triggers = []
        for triggers_item_data in self.triggers:
            triggers_item = triggers_item_data.to_dict()
            triggers.append(triggers_item)

        unreadable = self.unreadable

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "starts": starts,
                "triggers": triggers,
                "unreadable": unreadable,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.trigger_trial import TriggerTrial

        d = dict(src_dict)
        starts = d.pop("starts")

        triggers = []
        _triggers = d.pop("triggers")
        for triggers_item_data in _triggers:
            triggers_item = TriggerTrial.from_dict(triggers_item_data)

            triggers.append(triggers_item)

        unreadable = cast(list[str], d.pop("unreadable"))

        event_trial = cls(
            starts=starts,
            triggers=triggers,
            unreadable=unreadable,
        )

        event_trial.additional_properties = d
        return event_trial

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
