from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define

from ..types import UNSET, Unset

T = TypeVar("T", bound="NewKey")


@_attrs_define
class NewKey:
    """A request for a key.

    Attributes:
        name (str): Its name, which the audit shows: letters, digits, `_`, `-` and `.`.
        expires_at (datetime.datetime | None | Unset): When it expires, at most in 366 days. None: in 90 days.
        namespaces (list[str] | None | Unset): The namespaces that it is limited to. None: all.
        no_expiry (bool | Unset): Whether it never expires.
        permissions (list[str] | Unset): Its permissions beside those of its roles: `tasks:read`, `tasks:*`,
            `tasks:read@shop`.
        roles (list[str] | Unset): Its roles: `viewer`, `auditor`, `submitter`, `operator`, `publisher`, `admin`.
    """

    name: str
    expires_at: datetime.datetime | None | Unset = UNSET
    namespaces: list[str] | None | Unset = UNSET
    no_expiry: bool | Unset = UNSET
    permissions: list[str] | Unset = UNSET
    roles: list[str] | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        name = self.name

        expires_at: None | str | Unset
        if isinstance(self.expires_at, Unset):
            expires_at = UNSET
        elif isinstance(self.expires_at, datetime.datetime):
            expires_at = self.expires_at.isoformat()
        else:
            expires_at = self.expires_at

        namespaces: list[str] | None | Unset
        if isinstance(self.namespaces, Unset):
            namespaces = UNSET
        elif isinstance(self.namespaces, list):
            namespaces = self.namespaces

        else:
            namespaces = self.namespaces

        no_expiry = self.no_expiry

        permissions: list[str] | Unset = UNSET
        if not isinstance(self.permissions, Unset):
            permissions = self.permissions

        roles: list[str] | Unset = UNSET
        if not isinstance(self.roles, Unset):
            roles = self.roles

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "name": name,
            }
        )
        if expires_at is not UNSET:
            field_dict["expires_at"] = expires_at
        if namespaces is not UNSET:
            field_dict["namespaces"] = namespaces
        if no_expiry is not UNSET:
            field_dict["no_expiry"] = no_expiry
        if permissions is not UNSET:
            field_dict["permissions"] = permissions
        if roles is not UNSET:
            field_dict["roles"] = roles

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        name = d.pop("name")

        def _parse_expires_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                expires_at_type_0 = datetime.datetime.fromisoformat(data)

                return expires_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        expires_at = _parse_expires_at(d.pop("expires_at", UNSET))

        def _parse_namespaces(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                namespaces_type_0 = cast(list[str], data)

                return namespaces_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        namespaces = _parse_namespaces(d.pop("namespaces", UNSET))

        no_expiry = d.pop("no_expiry", UNSET)

        permissions = cast(list[str], d.pop("permissions", UNSET))

        roles = cast(list[str], d.pop("roles", UNSET))

        new_key = cls(
            name=name,
            expires_at=expires_at,
            namespaces=namespaces,
            no_expiry=no_expiry,
            permissions=permissions,
            roles=roles,
        )

        return new_key
