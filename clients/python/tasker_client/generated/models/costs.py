from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.analytics_period import AnalyticsPeriod
    from ..models.cost_item import CostItem


T = TypeVar("T", bound="Costs")


@_attrs_define
class Costs:
    """What executions used, and what that costs at the configured prices.

    Attributes:
        as_of (datetime.datetime): Everything before is counted.
        cpu_seconds (float): Their computing time, in seconds.
        executions (int): The executions of all steps that ended.
        gib_seconds (float): Their peak memory times their time, in GiB times seconds.
        items (list[CostItem]): The steps, those with the most computing time first.
        lag_seconds (float): How long ago that is, in seconds.
        period (AnalyticsPeriod): The period that an analysis is about.
        run_seconds (float): Their time in the sandbox, in seconds.
        estimate (float | None | Unset): What that costs at the configured prices. None: there are none.
    """

    as_of: datetime.datetime
    cpu_seconds: float
    executions: int
    gib_seconds: float
    items: list[CostItem]
    lag_seconds: float
    period: AnalyticsPeriod
    run_seconds: float
    estimate: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        as_of = self.as_of.isoformat()

        cpu_seconds = self.cpu_seconds

        executions = self.executions

        gib_seconds = self.gib_seconds

        items = []
        for items_item_data in self.items:
            items_item = items_item_data.to_dict()
            items.append(items_item)

        lag_seconds = self.lag_seconds

        period = self.period.to_dict()

        run_seconds = self.run_seconds

        estimate: float | None | Unset
        if isinstance(self.estimate, Unset):
            estimate = UNSET
        else:
            estimate = self.estimate

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "as_of": as_of,
                "cpu_seconds": cpu_seconds,
                "executions": executions,
                "gib_seconds": gib_seconds,
                "items": items,
                "lag_seconds": lag_seconds,
                "period": period,
                "run_seconds": run_seconds,
            }
        )
        if estimate is not UNSET:
            field_dict["estimate"] = estimate

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.analytics_period import AnalyticsPeriod
        from ..models.cost_item import CostItem

        d = dict(src_dict)
        as_of = datetime.datetime.fromisoformat(d.pop("as_of"))

        cpu_seconds = d.pop("cpu_seconds")

        executions = d.pop("executions")

        gib_seconds = d.pop("gib_seconds")

        items = []
        _items = d.pop("items")
        for items_item_data in _items:
            items_item = CostItem.from_dict(items_item_data)

            items.append(items_item)

        lag_seconds = d.pop("lag_seconds")

        period = AnalyticsPeriod.from_dict(d.pop("period"))

        run_seconds = d.pop("run_seconds")

        def _parse_estimate(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimate = _parse_estimate(d.pop("estimate", UNSET))

        costs = cls(
            as_of=as_of,
            cpu_seconds=cpu_seconds,
            executions=executions,
            gib_seconds=gib_seconds,
            items=items,
            lag_seconds=lag_seconds,
            period=period,
            run_seconds=run_seconds,
            estimate=estimate,
        )

        costs.additional_properties = d
        return costs

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
