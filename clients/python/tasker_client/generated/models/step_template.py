from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="StepTemplate")


@_attrs_define
class StepTemplate:
    """A step of a template.

    Attributes:
        depends_on_steps (list[str]): The steps that it depends on.
        handler (str): The callable of its handler.
        max_attempts (int): The maximum number of attempts.
        name (str): Its name.
        retryable (bool): Whether it is retried.
        timeout_seconds (int): The longest time for one attempt, in seconds.
        type_ (str): Its type.
        description (None | str | Unset): Its purpose.
    """

    depends_on_steps: list[str]
    handler: str
    max_attempts: int
    name: str
    retryable: bool
    timeout_seconds: int
    type_: str
    description: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        depends_on_steps = self.depends_on_steps

        handler = self.handler

        max_attempts = self.max_attempts

        name = self.name

        retryable = self.retryable

        timeout_seconds = self.timeout_seconds

        type_ = self.type_

        description: None | str | Unset
        if isinstance(self.description, Unset):
            description = UNSET
        else:
            description = self.description

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "depends_on_steps": depends_on_steps,
                "handler": handler,
                "max_attempts": max_attempts,
                "name": name,
                "retryable": retryable,
                "timeout_seconds": timeout_seconds,
                "type": type_,
            }
        )
        if description is not UNSET:
            field_dict["description"] = description

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        depends_on_steps = cast(list[str], d.pop("depends_on_steps"))

        handler = d.pop("handler")

        max_attempts = d.pop("max_attempts")

        name = d.pop("name")

        retryable = d.pop("retryable")

        timeout_seconds = d.pop("timeout_seconds")

        type_ = d.pop("type")

        def _parse_description(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        description = _parse_description(d.pop("description", UNSET))

        step_template = cls(
            depends_on_steps=depends_on_steps,
            handler=handler,
            max_attempts=max_attempts,
            name=name,
            retryable=retryable,
            timeout_seconds=timeout_seconds,
            type_=type_,
            description=description,
        )

        step_template.additional_properties = d
        return step_template

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
