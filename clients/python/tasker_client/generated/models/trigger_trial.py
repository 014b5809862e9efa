from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TriggerTrial")


@_attrs_define
class TriggerTrial:
    """What a trigger would do with an event.

    Attributes:
        enabled (bool): Whether it starts tasks at all.
        matches (bool): Whether its pattern matches the event.
        pattern (list[Any]): Each condition of its pattern: `path`, `wanted`, `found`, and whether it `holds`.
        trigger (str): The trigger: `namespace/name`.
        version (int): Its version.
        idempotency_key (None | str | Unset): If it matches: what makes a second event the same one.
        input_ (Any | Unset): If it matches: the input of that task.
        problem (None | str | Unset): If it matches: why it would start nothing all the same.
        template (None | str | Unset): If it matches: the template of the task that it would create.
    """

    enabled: bool
    matches: bool
    pattern: list[Any]
    trigger: str
    version: int
    idempotency_key: None | str | Unset = UNSET
    input_: Any | Unset = UNSET
    problem: None | str | Unset = UNSET
    template: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        enabled = self.enabled

        matches = self.matches

        pattern = self.pattern

        trigger = self.trigger

        version = self.version

        idempotency_key: None | str | Unset
        if isinstance(self.idempotency_key, Unset):
            idempotency_key = UNSET
        else:
            idempotency_key = self.idempotency_key

        input_ = self.input_

        problem: None | str | Unset
        if isinstance(self.problem, Unset):
            problem = UNSET
        else:
            problem = self.problem

        template: None | str | Unset
        if isinstance(self.template, Unset):
            template = UNSET
        else:
            template = self.template

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "enabled": enabled,
                "matches": matches,
                "pattern": pattern,
                "trigger": trigger,
                "version": version,
            }
        )
        if idempotency_key is not UNSET:
            field_dict["idempotency_key"] = idempotency_key
        if input_ is not UNSET:
            field_dict["input"] = input_
        if problem is not UNSET:
            field_dict["problem"] = problem
        if template is not UNSET:
            field_dict["template"] = template

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        enabled = d.pop("enabled")

        matches = d.pop("matches")

        pattern = cast(list[Any], d.pop("pattern"))

        trigger = d.pop("trigger")

        version = d.pop("version")

        def _parse_idempotency_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        idempotency_key = _parse_idempotency_key(d.pop("idempotency_key", UNSET))

        input_ = d.pop("input", UNSET)

        def _parse_problem(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        problem = _parse_problem(d.pop("problem", UNSET))

        def _parse_template(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        template = _parse_template(d.pop("template", UNSET))

        trigger_trial = cls(
            enabled=enabled,
            matches=matches,
            pattern=pattern,
            trigger=trigger,
            version=version,
            idempotency_key=idempotency_key,
            input_=input_,
            problem=problem,
            template=template,
        )

        trigger_trial.additional_properties = d
        return trigger_trial

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
