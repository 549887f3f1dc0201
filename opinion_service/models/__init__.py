"""Tables and constraints; importing this package makes all of them known."""

from opinion_service.models.base import Base, db
from opinion_service.models.cases import Case, CaseCounter, CaseDepartment, Concern, RoutingRecord
from opinion_service.models.clocks import Clock, OutboxMail, Rung
from opinion_service.models.duty import Absence, DutyShift
from opinion_service.models.events import Event, EventHour
from opinion_service.models.items import Item, ItemKey, ItemRevision, RankPoint
from opinion_service.models.ladder import (
    Acknowledgement,
    AuditPass,
    CircularEntry,
    LadderDocument,
    LadderVersion,
    Lease,
    RungNotice,
    Silence,
)
from opinion_service.models.people import Department, Setting, SignIn, SignInAttempt, User
from opinion_service.models.records import AuditEvent, CalendarDay, Heartbeat, RuleVersion
from opinion_service.models.responses import Assessment, Draft, Promise, Publication, Review, RiskPoint
from opinion_service.models.rulework import (
    RuleChange,
    RuleDraft,
    RuleHit,
    RuleRelease,
    RuleSimulation,
    SimulatedCase,
)
from opinion_service.models.rulings import Dispute, Ruling, RulingWord
from opinion_service.models.sources import Quarantine, RawBody, Source, SourceCheck

__all__ = [
    "Absence",
    "Acknowledgement",
    "Assessment",
    "AuditEvent",
    "AuditPass",
    "Base",
    "CalendarDay",
    "Case",
    "CaseCounter",
    "CaseDepartment",
    "CircularEntry",
    "Clock",
    "Concern",
    "Department",
    "Dispute",
    "Draft",
    "DutyShift",
    "Event",
    "EventHour",
    "Heartbeat",
    "Item",
    "ItemKey",
    "ItemRevision",
    "LadderDocument",
    "LadderVersion",
    "Lease",
    "OutboxMail",
    "Promise",
    "Publication",
    "Quarantine",
    "RankPoint",
    "RawBody",
    "Review",
    "RiskPoint",
    "RoutingRecord",
    "RuleChange",
    "RuleDraft",
    "RuleHit",
    "RuleRelease",
    "RuleSimulation",
    "RuleVersion",
    "Ruling",
    "RulingWord",
    "Rung",
    "RungNotice",
    "Setting",
    "SignIn",
    "SignInAttempt",
    "Silence",
    "SimulatedCase",
    "Source",
    "SourceCheck",
    "User",
    "db",
]
