from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.step_overview_by_state import StepOverviewByState


T = TypeVar("T", bound="StepOverview")


@_attrs_define
class StepOverview:
    """A step of a template, and how the steps of a task stand that are made from it.

    Attributes:
        attempt (int): The highest attempt of them.
        by_state (StepOverviewByState): The number of steps by state: one, or all workers of a batch. Empty while none
            is created.
        dependencies (list[str]): The steps that it depends on.
        handler (str): The callable of its handler.
        max_attempts (int): The maximum number of attempts.
        name (str): Its name.
        retryable (bool): Whether it is retried.
        type_ (str): Its type.
        error_type (None | str | Unset): The type of the failure that ended one of them.
    """

    attempt: int
    by_state: StepOverviewByState
    dependencies: list[str]
    handler: str
    max_attempts: int
    name: str
    retryable: bool
    type_: str
    error_type: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        attempt = self.attempt

        by_state = self.by_state.to_dict()

        dependencies = self.dependencies

        handler = self.handler

        max_attempts = self.max_attempts

        name = self.name

        retryable = self.retryable

        type_ = self.type_

        error_type: None | str | Unset
        if isinstance(self.error_type, Unset):
            error_type = UNSET
        else:
            error_type = self.error_type

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempt": attempt,
                "by_state": by_state,
                "dependencies": dependencies,
                "handler": handler,
                "max_attempts": max_attempts,
                "name": name,
                "retryable": retryable,
                "type": type_,
            }
        )
        if error_type is not UNSET:
            field_dict["error_type"] = error_type

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.step_overview_by_state import StepOverviewByState

        d = dict(src_dict)
        attempt = d.pop("attempt")

        by_state = StepOverviewByState.from_dict(d.pop("by_state"))

        dependencies = cast(list[str], d.pop("dependencies"))

        handler = d.pop("handler")

        max_attempts = d.pop("max_attempts")

        name = d.pop("name")

        retryable = d.pop("retryable")

        type_ = d.pop("type")

        def _parse_error_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        error_type = _parse_error_type(d.pop("error_type", UNSET))

        step_overview = cls(
            attempt=attempt,
            by_state=by_state,
            dependencies=dependencies,
            handler=handler,
            max_attempts=max_attempts,
            name=name,
            retryable=retryable,
            type_=type_,
            error_type=error_type,
        )

        step_overview.additional_properties = d
        return step_overview

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
