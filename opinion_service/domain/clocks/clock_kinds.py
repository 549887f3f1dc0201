"""From which event each kind of clock counts. Source: design decision 2; domain rules 1.1 and 2.8."""

from opinion_service.domain.clocks.sla import ClockKind

FROM_DETECTION = frozenset(
    {
        ClockKind.TRIAGE,
        ClockKind.FIRST_RELEASE,
        ClockKind.PRESS_CONFERENCE,
        ClockKind.RESPONSE,
        ClockKind.CLOSURE,
    }
)
# Those that begin anew when the grade, the level or the limits of an open case change.
OWED_TO_THE_PUBLIC = FROM_DETECTION - {ClockKind.TRIAGE}
FROM_DISPATCH = frozenset(
    {ClockKind.SIGN_RECEIPT, ClockKind.RETURN_WINDOW, ClockKind.ASSESSMENT, ClockKind.VERIFICATION}
)
# A new unit has its own time to accept or return; what is found out counts on from the first dispatch.
FOR_EACH_UNIT = frozenset({ClockKind.SIGN_RECEIPT, ClockKind.RETURN_WINDOW})
FROM_RETURN = frozenset({ClockKind.RULING})
FROM_SIGNATURE = frozenset({ClockKind.PUBLISH})
FROM_PUBLICATION = frozenset({ClockKind.FOLLOW_UP})
OF_UNIT = FROM_DISPATCH | {ClockKind.CLOSURE}
START_EVENTS = {
    **dict.fromkeys(FROM_DETECTION, "首次发现"),
    **dict.fromkeys(FROM_DISPATCH | {ClockKind.CO_OPINION}, "交办"),
    **dict.fromkeys(FROM_RETURN, "退办"),
    **dict.fromkeys(FROM_SIGNATURE, "审签"),
    **dict.fromkeys(FROM_PUBLICATION, "上次发布"),
}
