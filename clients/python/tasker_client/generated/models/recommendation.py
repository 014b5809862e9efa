from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.severity import Severity, check_severity

if TYPE_CHECKING:
    from ..models.recommendation_evidence import RecommendationEvidence


T = TypeVar("T", bound="Recommendation")


@_attrs_define
class Recommendation:
    """What to do, about what, and why.

    Attributes:
        code (str): The rule.
        evidence (RecommendationEvidence): The numbers that it follows from.
        href (str): Where the API shows more.
        severity (Severity): How urgent a recommendation is.
        subject (str): A step, `namespace/name.step`, a template, `namespace/name`, or a part of the system.
        text (str): What was found, and what to do.
    """

    code: str
    evidence: RecommendationEvidence
    href: str
    severity: Severity
    subject: str
    text: str
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        code = self.code

        evidence = self.evidence.to_dict()

        href = self.href

        severity: str = self.severity

        subject = self.subject

        text = self.text

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "code": code,
                "evidence": evidence,
                "href": href,
                "severity": severity,
                "subject": subject,
                "text": text,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.recommendation_evidence import RecommendationEvidence

        d = dict(src_dict)
        code = d.pop("code")

        evidence = RecommendationEvidence.from_dict(d.pop("evidence"))

        href = d.pop("href")

        severity = check_severity(d.pop("severity"))

        subject = d.pop("subject")

        text = d.pop("text")

        recommendation = cls(
            code=code,
            evidence=evidence,
            href=href,
            severity=severity,
            subject=subject,
            text=text,
        )

        recommendation.additional_properties = d
        return recommendation

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
