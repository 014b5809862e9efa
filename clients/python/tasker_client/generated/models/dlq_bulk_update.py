from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar
from uuid import UUID

from attrs import define as _attrs_define

if TYPE_CHECKING:
    from ..models.dlq_update import DlqUpdate


T = TypeVar("T", bound="DlqBulkUpdate")


@_attrs_define
class DlqBulkUpdate:
    """An update of many entries.

    Attributes:
        dlq_entry_ids (list[UUID]): The entries, at most 1000. Each stands for itself.
        update (DlqUpdate): The new resolution of an entry.
    """

    dlq_entry_ids: list[UUID]
    update: DlqUpdate

    def to_dict(self) -> dict[str, Any]:
        dlq_entry_ids = []
        for dlq_entry_ids_item_data in self.dlq_entry_ids:
            dlq_entry_ids_item = str(dlq_entry_ids_item_data)
            dlq_entry_ids.append(dlq_entry_ids_item)

        update = self.update.to_dict()

        field_dict: dict[str, Any] = {}

        field_dict.update(
            {
                "dlq_entry_ids": dlq_entry_ids,
                "update": update,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.dlq_update import DlqUpdate

        d = dict(src_dict)
        dlq_entry_ids = []
        _dlq_entry_ids = d.pop("dlq_entry_ids")
        for dlq_entry_ids_item_data in _dlq_entry_ids:
            dlq_entry_ids_item = UUID(dlq_entry_ids_item_data)

            dlq_entry_ids.append(dlq_entry_ids_item)

        update = DlqUpdate.from_dict(d.pop("update"))

        dlq_bulk_update = cls(
            dlq_entry_ids=dlq_entry_ids,
            update=update,
        )

        return dlq_bulk_update
