from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast
from uuid import UUID

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.access_outcome import AccessOutcome, check_access_outcome
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.principal import Principal


T = TypeVar("T", bound="Access")


@_attrs_define
class Access:
    """A request that changed something, or that was refused.

    Attributes:
        method (str): The HTTP method.
        outcome (AccessOutcome): How a request ended.
        path (str): The path.
        permission (str): The permission that it needs.
        status (int): The status of the response.
        access_id (int): The record: higher ones are later.
        at (datetime.datetime): When the request was answered.
        address (None | str | Unset): The address of the client, or of the proxy before the server.
        on_behalf_of (None | str | Unset): Whom the principal acted for, as the request says.
        principal (None | Principal | Unset):
        reason (None | str | Unset): The reason that it gave.
        request_id (None | Unset | UUID): The id of the request, as in its response.
        user_agent (None | str | Unset): The program that sent it, as it says.
    """

    method: str
    outcome: AccessOutcome
    path: str
    permission: str
    status: int
    access_id: int
    at: datetime.datetime
    address: None | str | Unset = UNSET
    on_behalf_of: None | str | Unset = UNSET
    principal: None | Principal | Unset = UNSET
    reason: None | str | Unset = UNSET
    request_id: None | Unset | UUID = UNSET
    user_agent: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.principal import Principal

        method = self.method

        outcome: str = self.outcome

        path = self.path

        permission = self.permission

        status = self.status

        access_id = self.access_id

        at = self.at.isoformat()

        address: None | str | Unset
        if isinstance(self.address, Unset):
            address = UNSET
        else:
            address = self.address

        on_behalf_of: None | str | Unset
        if isinstance(self.on_behalf_of, Unset):
            on_behalf_of = UNSET
        else:
            on_behalf_of = self.on_behalf_of

        principal: dict[str, Any] | None | Unset
        if isinstance(self.principal, Unset):
            principal = UNSET
        elif isinstance(self.principal, Principal):
            principal = self.principal.to_dict()
        else:
            principal = self.principal

        reason: None | str | Unset
        if isinstance(self.reason, Unset):
            reason = UNSET
        else:
            reason = self.reason

        request_id: None | str | Unset
        if isinstance(self.request_id, Unset):
            request_id = UNSET
        elif isinstance(self.request_id, UUID):
            request_id = str(self.request_id)
        else:
            request_id = self.request_id

        user_agent: None | str | Unset
        if isinstance(self.user_agent, Unset):
            user_agent = UNSET
        else:
            user_agent = self.user_agent

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "method": method,
                "outcome": outcome,
                "path": path,
                "permission": permission,
                "status": status,
                "access_id": access_id,
                "at": at,
            }
        )
        if address is not UNSET:
            field_dict["address"] = address
        if on_behalf_of is not UNSET:
            field_dict["on_behalf_of"] = on_behalf_of
        if principal is not UNSET:
            field_dict["principal"] = principal
        if reason is not UNSET:
            field_dict["reason"] = reason
        if request_id is not UNSET:
            field_dict["request_id"] = request_id
        if user_agent is not UNSET:
            field_dict["user_agent"] = user_agent

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.principal import Principal

        d = dict(src_dict)
        method = d.pop("method")

        outcome = check_access_outcome(d.pop("outcome"))

        path = d.pop("path")

        permission = d.pop("permission")

        status = d.pop("status")

        access_id = d.pop("access_id")

        at = datetime.datetime.fromisoformat(d.pop("at"))

        def _parse_address(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        address = _parse_address(d.pop("address", UNSET))

        def _parse_on_behalf_of(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        on_behalf_of = _parse_on_behalf_of(d.pop("on_behalf_of", UNSET))

        def _parse_principal(data: object) -> None | Principal | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                principal_type_0 = Principal.from_dict(data)

                return principal_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Principal | Unset, data)

        principal = _parse_principal(d.pop("principal", UNSET))

        def _parse_reason(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        reason = _parse_reason(d.pop("reason", UNSET))

        def _parse_request_id(data: object) -> None | Unset | UUID:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                request_id_type_0 = UUID(data)

                return request_id_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | Unset | UUID, data)

        request_id = _parse_request_id(d.pop("request_id", UNSET))

        def _parse_user_agent(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        user_agent = _parse_user_agent(d.pop("user_agent", UNSET))

        access = cls(
            method=method,
            outcome=outcome,
            path=path,
            permission=permission,
            status=status,
            access_id=access_id,
            at=at,
            address=address,
            on_behalf_of=on_behalf_of,
            principal=principal,
            reason=reason,
            request_id=request_id,
            user_agent=user_agent,
        )

        access.additional_properties = d
        return access

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
