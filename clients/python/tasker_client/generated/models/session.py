from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.principal import Principal


T = TypeVar("T", bound="Session")


@_attrs_define
class Session:
    """A session, without what its client sends.

    Attributes:
        created_at (datetime.datetime): When it began.
        expires_at (datetime.datetime): When it ends at the latest.
        last_used_at (datetime.datetime): When it was last used, to the minute. It ends an hour after.
        principal (Principal): Who sends a request.
        session_id (UUID): What names it.
        address (None | str | Unset): The address that the login came from.
        key_id (None | str | Unset): The API key that it was made from, with which it ends. None: a login at the
            identity provider.
        user_agent (None | str | Unset): The program that logged in, as it says.
    """

    created_at: datetime.datetime
    expires_at: datetime.datetime
    last_used_at: datetime.datetime
    principal: Principal
    session_id: UUID
    address: None | str | Unset = UNSET
    key_id: None | str | Unset = UNSET
    user_agent: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created_at = self.created_at.isoformat()

        expires_at = self.expires_at.isoformat()

        last_used_at = self.last_used_at.isoformat()

        principal = self.principal.to_dict()

        session_id = str(self.session_id)

        address: None | str | Unset
        if isinstance(self.address, Unset):
            address = UNSET
        else:
            address = self.address

        key_id: None | str | Unset
        if isinstance(self.key_id, Unset):
            key_id = UNSET
        else:
            key_id = self.key_id

        user_agent: None | str | Unset
        if isinstance(self.user_agent, Unset):
            user_agent = UNSET
        else:
            user_agent = self.user_agent

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created_at": created_at,
                "expires_at": expires_at,
                "last_used_at": last_used_at,
                "principal": principal,
                "session_id": session_id,
            }
        )
        if address is not UNSET:
            field_dict["address"] = address
        if key_id is not UNSET:
            field_dict["key_id"] = key_id
        if user_agent is not UNSET:
            field_dict["user_agent"] = user_agent

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.principal import Principal

        d = dict(src_dict)
        created_at = datetime.datetime.fromisoformat(d.pop("created_at"))

        expires_at = datetime.datetime.fromisoformat(d.pop("expires_at"))

        last_used_at = datetime.datetime.fromisoformat(d.pop("last_used_at"))

        principal = Principal.from_dict(d.pop("principal"))

        session_id = UUID(d.pop("session_id"))

        def _parse_address(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        address = _parse_address(d.pop("address", UNSET))

        def _parse_key_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        key_id = _parse_key_id(d.pop("key_id", UNSET))

        def _parse_user_agent(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user_agent = _parse_user_agent(d.pop("user_agent", UNSET))

        session = cls(
            created_at=created_at,
            expires_at=expires_at,
            last_used_at=last_used_at,
            principal=principal,
            session_id=session_id,
            address=address,
            key_id=key_id,
            user_agent=user_agent,
        )

        session.additional_properties = d
        return session

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
