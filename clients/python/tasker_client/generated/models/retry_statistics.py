from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="RetryStatistics")


@_attrs_define
class RetryStatistics:
    """The retries of a step of a template, all versions together.

    Attributes:
        attempts (int): The attempts that ended.
        given_up (int): The failures that no further attempt followed.
        name (str): The name of the template.
        namespace (str): The namespace of the template.
        retries (int): The retries that became due.
        retry_rate (float): Retries for each attempt.
        step (str): The step.
        succeeded_first (int): The steps that the first attempt completed.
        succeeded_later (int): The steps that a later attempt completed.
        succeeded_second (int): The steps that the second attempt completed.
        waited_seconds (float): How long retries waited until they were due, in seconds.
        attempts_per_success (float | None | Unset): The attempts that it took for each success.
    """

    attempts: int
    given_up: int
    name: str
    namespace: str
    retries: int
    retry_rate: float
    step: str
    succeeded_first: int
    succeeded_later: int
    succeeded_second: int
    waited_seconds: float
    attempts_per_success: float | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        attempts = self.attempts

        given_up = self.given_up

        name = self.name

        namespace = self.namespace

        retries = self.retries

        retry_rate = self.retry_rate

        step = self.step

        succeeded_first = self.succeeded_first

        succeeded_later = self.succeeded_later

        succeeded_second = self.succeeded_second

        waited_seconds = self.waited_seconds

        attempts_per_success: float | None | Unset
        if isinstance(self.attempts_per_success, Unset):
            attempts_per_success = UNSET
        else:
            attempts_per_success = self.attempts_per_success

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "attempts": attempts,
                "given_up": given_up,
                "name": name,
                "namespace": namespace,
                "retries": retries,
                "retry_rate": retry_rate,
                "step": step,
                "succeeded_first": succeeded_first,
                "succeeded_later": succeeded_later,
                "succeeded_second": succeeded_second,
                "waited_seconds": waited_seconds,
            }
        )
        if attempts_per_success is not UNSET:
            field_dict["attempts_per_success"] = attempts_per_success

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        attempts = d.pop("attempts")

        given_up = d.pop("given_up")

        name = d.pop("name")

        namespace = d.pop("namespace")

        retries = d.pop("retries")

        retry_rate = d.pop("retry_rate")

        step = d.pop("step")

        succeeded_first = d.pop("succeeded_first")

        succeeded_later = d.pop("succeeded_later")

        succeeded_second = d.pop("succeeded_second")

        waited_seconds = d.pop("waited_seconds")

        def _parse_attempts_per_success(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        attempts_per_success = _parse_attempts_per_success(
            d.pop("attempts_per_success", UNSET)
        )

        retry_statistics = cls(
            attempts=attempts,
            given_up=given_up,
            name=name,
            namespace=namespace,
            retries=retries,
            retry_rate=retry_rate,
            step=step,
            succeeded_first=succeeded_first,
            succeeded_later=succeeded_later,
            succeeded_second=succeeded_second,
            waited_seconds=waited_seconds,
            attempts_per_success=attempts_per_success,
        )

        retry_statistics.additional_properties = d
        return retry_statistics

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
