from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.callable_operation_action import (
    CallableOperationAction,
    check_callable_operation_action,
)
from ..types import UNSET, Unset

T = TypeVar("T", bound="CallableOperation")


@_attrs_define
class CallableOperation:
    """A change of a handler's current version. New tasks use the current version.

    Attributes:
        action (CallableOperationAction):
        version (int | Unset): The number of the version.
    """

    action: CallableOperationAction
    version: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        action: str = self.action

        version = self.version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "action": action,
            }
        )
        if version is not UNSET:
            field_dict["version"] = version

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        action = check_callable_operation_action(d.pop("action"))

        version = d.pop("version", UNSET)

        callable_operation = cls(
            action=action,
            version=version,
        )

        callable_operation.additional_properties = d
        return callable_operation

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
