"""Why a department may send a case back, what it has to say then, and who rules."""

from enum import StrEnum

from opinion_service.domain.people import Role

SUPERVISOR_FROM = 2  # the second dispute on a case goes past the liaison


class ReturnReason(StrEnum):
    """The grounds on which a case may be returned. Source: domain rules 2.6 (属地不符、权属不清、职能交叉)."""

    NOT_OUR_DUTY = "not_our_duty"
    OTHER_TERRITORY = "other_territory"
    OTHER_LEAD = "other_lead"
    UNCLEAR_OWNERSHIP = "unclear_ownership"
    HANDLED_ALREADY = "handled_already"
    FACTS_MISSING = "facts_missing"

    @property
    def label(self) -> str:
        """Return the ground in Chinese."""
        return REASON_LABELS[self]


REASON_LABELS: dict[ReturnReason, str] = {
    ReturnReason.NOT_OUR_DUTY: "不属于本单位职责",
    ReturnReason.OTHER_TERRITORY: "属地不符",
    ReturnReason.OTHER_LEAD: "应由其他单位牵头，本单位可以协办",
    ReturnReason.UNCLEAR_OWNERSHIP: "权属不清或职能交叉",
    ReturnReason.HANDLED_ALREADY: "同一事项已在办理",
    ReturnReason.FACTS_MISSING: "事项不明、无法核实",
}


def refusal_to_rule(role: Role, ordinal: int) -> str | None:
    """Return why `role` may not rule on the `ordinal`th dispute of a case, or None when it may."""
    if ordinal >= SUPERVISOR_FROM and role is not Role.SUPERVISOR:
        return "该案件已有过裁定，再次争议由督查裁定。"
    return None
