from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="CostItem")


@_attrs_define
class CostItem:
    """What the executions of a step used.

    Attributes:
        cpu_seconds (float): Their computing time, in seconds.
        executions (int): The executions that ended, those with a checkpoint included.
        gib_seconds (float): Their peak memory times their time, in GiB times seconds.
        name (str): The name of the template.
        namespace (str): The namespace of the template.
        run_seconds (float): Their time in the sandbox, waiting included, in seconds.
        step (str): The step.
        estimate (float | None | Unset): What that costs at the configured prices. None: there are none.
    """

    cpu_seconds: float
    executions: int
    gib_seconds: float
    name: str
    namespace: str
    run_seconds: float
    step: str
    estimate: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        cpu_seconds = self.cpu_seconds

        executions = self.executions

        gib_seconds = self.gib_seconds

        name = self.name

        namespace = self.namespace

        run_seconds = self.run_seconds

        step = self.step

        estimate: float | None | Unset
        if isinstance(self.estimate, Unset):
            estimate = UNSET
        else:
            estimate = self.estimate

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "cpu_seconds": cpu_seconds,
                "executions": executions,
                "gib_seconds": gib_seconds,
                "name": name,
                "namespace": namespace,
                "run_seconds": run_seconds,
                "step": step,
            }
        )
        if estimate is not UNSET:
            field_dict["estimate"] = estimate

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        cpu_seconds = d.pop("cpu_seconds")

        executions = d.pop("executions")

        gib_seconds = d.pop("gib_seconds")

        name = d.pop("name")

        namespace = d.pop("namespace")

        run_seconds = d.pop("run_seconds")

        step = d.pop("step")

        def _parse_estimate(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        estimate = _parse_estimate(d.pop("estimate", UNSET))

        cost_item = cls(
            cpu_seconds=cpu_seconds,
            executions=executions,
            gib_seconds=gib_seconds,
            name=name,
            namespace=namespace,
            run_seconds=run_seconds,
            step=step,
            estimate=estimate,
        )

        cost_item.additional_properties = d
        return cost_item

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
