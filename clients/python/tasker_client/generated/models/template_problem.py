from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TemplateProblem")


@_attrs_define
class TemplateProblem:
    """A problem of a template.

    Attributes:
        code (str): A stable code, for programs.
        column (int): The column, from 1.
        line (int): The line, from 1.
        message (str): What is wrong and how to mend it.
        severity (str): `error`, or `warning`: the template can be published.
        step (None | str | Unset): The name of the step, if there is one.
    """

    code: str
    column: int
    line: int
    message: str
    severity: str
    step: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        column = self.column

        line = self.line

        message = self.message

        severity = self.severity

        step: None | str | Unset
        if isinstance(self.step, Unset):
            step = UNSET
        else:
            step = self.step

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "column": column,
                "line": line,
                "message": message,
                "severity": severity,
            }
        )
        if step is not UNSET:
            field_dict["step"] = step

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        code = d.pop("code")

        column = d.pop("column")

        line = d.pop("line")

        message = d.pop("message")

        severity = d.pop("severity")

        def _parse_step(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        step = _parse_step(d.pop("step", UNSET))

        template_problem = cls(
            code=code,
            column=column,
            line=line,
            message=message,
            severity=severity,
            step=step,
        )

        template_problem.additional_properties = d
        return template_problem

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
