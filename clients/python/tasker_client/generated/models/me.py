from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.me_permissions import MePermissions
    from ..models.principal import Principal


T = TypeVar("T", bound="Me")


@_attrs_define
class Me:
    """Who calls, and what it may do.

    Attributes:
        permissions (MePermissions): Its permissions, each with the namespaces in which it holds; `null` for all.
        principal (Principal): Who sends a request.
    """

    permissions: MePermissions
    principal: Principal
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        permissions = self.permissions.to_dict()

        principal = self.principal.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "permissions": permissions,
                "principal": principal,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.me_permissions import MePermissions
        from ..models.principal import Principal

        d = dict(src_dict)
        permissions = MePermissions.from_dict(d.pop("permissions"))

        principal = Principal.from_dict(d.pop("principal"))

        me = cls(
            permissions=permissions,
            principal=principal,
        )

        me.additional_properties = d
        return me

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
