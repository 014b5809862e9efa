from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.template_problem import TemplateProblem


T = TypeVar("T", bound="TemplateVerdict")


@_attrs_define
class TemplateVerdict:
    """Whether a template can be published, and what is wrong with it.

    Attributes:
        problems (list[TemplateProblem]): Its errors and warnings, by their place.
        valid (bool): Whether it can be published, as far as its text says: handlers are not looked up.
    """

    problems: list[TemplateProblem]
    valid: bool
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        problems = []
        for problems_item_data in self.problems:
            problems_item = problems_item_data.to_dict()
            problems.append(problems_item)

        valid = self.valid

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "problems": problems,
                "valid": valid,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.template_problem import TemplateProblem

        d = dict(src_dict)
        problems = []
        _problems = d.pop("problems")
        for problems_item_data in _problems:
            problems_item = TemplateProblem.from_dict(problems_item_data)

            problems.append(problems_item)

        valid = d.pop("valid")

        template_verdict = cls(
            problems=problems,
            valid=valid,
        )

        template_verdict.additional_properties = d
        return template_verdict

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
