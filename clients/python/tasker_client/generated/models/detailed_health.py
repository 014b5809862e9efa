from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.detailed_health_open_steps import DetailedHealthOpenSteps


T = TypeVar("T", bound="DetailedHealth")


@_attrs_define
class DetailedHealth:
    """The health of the process, with details.

    Attributes:
        open_steps (DetailedHealthOpenSteps): The number of steps that are enqueued, in progress or waiting for a retry,
            by state.
        status (str): `ok`.
        version (str): The version of Tasker.
        tokens (None | str | Unset): Why tokens of the identity provider cannot be verified at present, if they cannot.
    """

    open_steps: DetailedHealthOpenSteps
    status: str
    version: str
    tokens: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        open_steps = self.open_steps.to_dict()

        status = self.status

        version = self.version

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
        if tokens is not UNSET:
            field_dict["tokens"] = tokens

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.detailed_health_open_steps import DetailedHealthOpenSteps

        d = dict(src_dict)
        open_steps = DetailedHealthOpenSteps.from_dict(d.pop("open_steps"))

        status = d.pop("status")

        version = d.pop("version")

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
