from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Meta")


@_attrs_define
class Meta:
    """What a server is and can do.

    Attributes:
        authentication (str): How callers are authenticated: `off`, `own` (API keys, sessions, tokens), `gateway`.
        features (list[str]): What not every server has: `grpc`, and `streams` that stay open.
        name (str): `tasker`.
        login_url (None | str | Unset): Where a browser begins its login at the identity provider.
        logins (list[str] | Unset): How one logs in, beside sending credentials with each request: `key`, with an API
            key at `/v1/session`; `oidc`, at an
            identity provider by `/auth/login`.
    """

    authentication: str
    features: list[str]
    name: str
    login_url: None | str | Unset = UNSET
    logins: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        authentication = self.authentication

        features = self.features

        name = self.name

        login_url: None | str | Unset
        if isinstance(self.login_url, Unset):
            login_url = UNSET
        else:
            login_url = self.login_url

        logins: list[str] | Unset = UNSET
        if not isinstance(self.logins, Unset):
            logins = self.logins

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "authentication": authentication,
                "features": features,
                "name": name,
            }
        )
        if login_url is not UNSET:
            field_dict["login_url"] = login_url
        if logins is not UNSET:
            field_dict["logins"] = logins

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        authentication = d.pop("authentication")

        features = cast(list[str], d.pop("features"))

        name = d.pop("name")

        def _parse_login_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        login_url = _parse_login_url(d.pop("login_url", UNSET))

        logins = cast(list[str], d.pop("logins", UNSET))

        meta = cls(
            authentication=authentication,
            features=features,
            name=name,
            login_url=login_url,
            logins=logins,
        )

        meta.additional_properties = d
        return meta

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
