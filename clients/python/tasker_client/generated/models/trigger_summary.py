from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TriggerSummary")


@_attrs_define
class TriggerSummary:
    """A published trigger.

    Attributes:
        definition (Any): The trigger as written.
        enabled (bool): Whether it starts tasks: its file enables it, and no operator has disabled it.
        name (str): Its name.
        namespace (str): Its namespace.
        published_at (datetime.datetime): When this content was published.
        version (int): The version number. Each new content increments it.
        disabled_at (datetime.datetime | None | Unset): When an operator disabled it.
    """

    definition: Any
    enabled: bool
    name: str
    namespace: str
    published_at: datetime.datetime
    version: int
    disabled_at: datetime.datetime | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        definition = self.definition

        enabled = self.enabled

        name = self.name

        namespace = self.namespace

        published_at = self.published_at.isoformat()

        version = self.version

        disabled_at: None | str | Unset
        if isinstance(self.disabled_at, Unset):
            disabled_at = UNSET
        elif isinstance(self.disabled_at, datetime.datetime):
            disabled_at = self.disabled_at.isoformat()
        else:
            disabled_at = self.disabled_at

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "definition": definition,
                "enabled": enabled,
                "name": name,
                "namespace": namespace,
                "published_at": published_at,
                "version": version,
            }
        )
        if disabled_at is not UNSET:
            field_dict["disabled_at"] = disabled_at

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        definition = d.pop("definition")

        enabled = d.pop("enabled")

        name = d.pop("name")

        namespace = d.pop("namespace")

        published_at = datetime.datetime.fromisoformat(d.pop("published_at"))

        version = d.pop("version")

        def _parse_disabled_at(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                disabled_at_type_0 = datetime.datetime.fromisoformat(data)

                return disabled_at_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        disabled_at = _parse_disabled_at(d.pop("disabled_at", UNSET))

        trigger_summary = cls(
            definition=definition,
            enabled=enabled,
            name=name,
            namespace=namespace,
            published_at=published_at,
            version=version,
            disabled_at=disabled_at,
        )

        trigger_summary.additional_properties = d
        return trigger_summary

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
