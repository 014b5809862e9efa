from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.detailed_health_checks import DetailedHealthChecks
    from ..models.detailed_health_open_steps import DetailedHealthOpenSteps


T = TypeVar("T", bound="DetailedHealth")


@_attrs_define
class DetailedHealth:
    """The health of the process, with details.

    Attributes:
        open_steps (DetailedHealthOpenSteps): The number of steps that are enqueued, in progress or waiting for a retry,
            by state. Empty if the database does not respond.
        status (str): `ok`, `degraded` or `down`: the worst of the checks.
        version (str): The version of Tasker.
        checks (DetailedHealthChecks | Unset): The condition of the services: `database`, `queue`, `blob_store`,
            `creations` (those that wait), and `webhook:` with a host for
            each that is away.
        tokens (None | str | Unset): Why tokens of the identity provider cannot be verified at present, if they cannot.
    """

    open_steps: DetailedHealthOpenSteps
    status: str
    version: str
    checks: DetailedHealthChecks | Unset = UNSET
    tokens: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        open_steps = self.open_steps.to_dict()

        status = self.status

        version = self.version

        checks: dict[str, Any] | Unset = UNSET
        if not isinstance(self.checks, Unset):
            checks = self.checks.to_dict()

        tokens: None | str | Unset
        if isinstance(self.tokens, Unset):
            tokens = UNSET
        else:
            tokens = self.tokens

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "open_steps": open_steps,
                "status": status,
                "version": version,
            }
        )
        if checks is not UNSET:
            field_dict["checks"] = checks
        if tokens is not UNSET:
            field_dict["tokens"] = tokens

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.detailed_health_checks import DetailedHealthChecks
        from ..models.detailed_health_open_steps import DetailedHealthOpenSteps

        d = dict(src_dict)
        open_steps = DetailedHealthOpenSteps.from_dict(d.pop("open_steps"))

        status = d.pop("status")

        version = d.pop("version")

        _checks = d.pop("checks", UNSET)
        checks: DetailedHealthChecks | Unset
        if isinstance(_checks, Unset):
            checks = UNSET
        else:
            checks = DetailedHealthChecks.from_dict(_checks)

        def _parse_tokens(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        tokens = _parse_tokens(d.pop("tokens", UNSET))

        detailed_health = cls(
            open_steps=open_steps,
            status=status,
            version=version,
            checks=checks,
            tokens=tokens,
        )

        detailed_health.additional_properties = d
        return detailed_health

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
