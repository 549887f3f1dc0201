"""Tables and constraints; importing this package makes all of them known."""

from opinion_service.models.base import Base, db
from opinion_service.models.cases import Case, CaseCounter, CaseDepartment, Concern, RoutingRecord
from opinion_service.models.clocks import Clock, OutboxMail, Rung
from opinion_service.models.events import Event, EventHour
from opinion_service.models.items import Item, ItemKey, ItemRevision, RankPoint
from opinion_service.models.people import Department, Setting, SignIn, SignInAttempt, User
from opinion_service.models.records import AuditEvent, CalendarDay, Heartbeat, RuleVersion
from opinion_service.models.responses import Assessment, Draft, Promise, Publication, Review, RiskPoint
from opinion_service.models.routing import RoutingModelVersion
from opinion_service.models.sources import Quarantine, RawBody, Source, SourceCheck

__all__ = [
    "Assessment",
    "AuditEvent",
    "Base",
    "CalendarDay",
    "Case",
    "CaseCounter",
    "CaseDepartment",
    "Clock",
    "Concern",
    "Department",
    "Draft",
    "Event",
    "EventHour",
    "Heartbeat",
    "Item",
    "ItemKey",
    "ItemRevision",
    "OutboxMail",
    "Promise",
    "Publication",
    "Quarantine",
    "RankPoint",
    "RawBody",
    "Review",
    "RiskPoint",
    "RoutingModelVersion",
    "RoutingRecord",
    "RuleVersion",
    "Rung",
    "Setting",
    "SignIn",
    "SignInAttempt",
    "Source",
    "SourceCheck",
    "User",
    "db",
]
