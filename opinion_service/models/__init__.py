"""Tables and constraints; importing this package makes all of them known."""

from opinion_service.models.aftermath import CaseLook, CaseProposal, EffectWatch, Evaluation
from opinion_service.models.answers import Consultation, CoPart, CountersignDispute, DraftSight, ReplyTemplate
from opinion_service.models.base import Base, db
from opinion_service.models.cases import Case, CaseCounter, CaseDepartment, Concern, RoutingRecord
from opinion_service.models.clock_changes import ClockExtension, ClockPause, LimitChange
from opinion_service.models.clocks import Clock, OutboxMail, Rung
from opinion_service.models.duty import Absence, DutyShift
from opinion_service.models.events import Event, EventHour
from opinion_service.models.grouping import EventChange, EventChangeItem, OpeningRuleSet, SearchText
from opinion_service.models.groups import WorkGroup
from opinion_service.models.hearing import BlindWindow, FeedHost, SourceHour, SourceStory
from opinion_service.models.intake import Evidence, EvidenceCheck, ImportProblem, ImportRun, Recheck, SourceWatch
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
from opinion_service.models.policies import (
    Policy,
    PolicyConcern,
    PolicyHistory,
    PolicyLink,
    PolicyOpinion,
    PolicyReview,
    PolicyRiskPoint,
    PolicyVersion,
)
from opinion_service.models.reading import NatureRuleSet, ReadingCorrection, ReadingModelVersion, Rereading
from opinion_service.models.records import AuditEvent, CalendarDay, Heartbeat, RuleVersion
from opinion_service.models.responses import (
    Assessment,
    Correction,
    Draft,
    Promise,
    Publication,
    PublicationChannel,
    Review,
    RiskPoint,
    Scratch,
)
from opinion_service.models.routing import RoutingModelVersion, RoutingTraining
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
from opinion_service.models.watching import PassedOver
from opinion_service.models.workspace import Attachment, AttachmentBody, CaseTask, Presence, SavedView

__all__ = [
    "Absence",
    "Acknowledgement",
    "Assessment",
    "Attachment",
    "AttachmentBody",
    "AuditEvent",
    "AuditPass",
    "Base",
    "BlindWindow",
    "CalendarDay",
    "Case",
    "CaseCounter",
    "CaseDepartment",
    "CaseLook",
    "CaseProposal",
    "CaseTask",
    "CircularEntry",
    "Clock",
    "ClockExtension",
    "ClockPause",
    "CoPart",
    "Concern",
    "Consultation",
    "Correction",
    "CountersignDispute",
    "Department",
    "Dispute",
    "Draft",
    "DraftSight",
    "DutyShift",
    "EffectWatch",
    "Evaluation",
    "Event",
    "EventChange",
    "EventChangeItem",
    "EventHour",
    "Evidence",
    "EvidenceCheck",
    "FeedHost",
    "Heartbeat",
    "ImportProblem",
    "ImportRun",
    "Item",
    "ItemKey",
    "ItemRevision",
    "LadderDocument",
    "LadderVersion",
    "Lease",
    "LimitChange",
    "NatureRuleSet",
    "OpeningRuleSet",
    "OutboxMail",
    "PassedOver",
    "Policy",
    "PolicyConcern",
    "PolicyHistory",
    "PolicyLink",
    "PolicyOpinion",
    "PolicyReview",
    "PolicyRiskPoint",
    "PolicyVersion",
    "Presence",
    "Promise",
    "Publication",
    "PublicationChannel",
    "Quarantine",
    "RankPoint",
    "RawBody",
    "ReadingCorrection",
    "ReadingModelVersion",
    "Recheck",
    "ReplyTemplate",
    "Rereading",
    "Review",
    "RiskPoint",
    "RoutingModelVersion",
    "RoutingRecord",
    "RoutingTraining",
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
    "SavedView",
    "Scratch",
    "SearchText",
    "Setting",
    "SignIn",
    "SignInAttempt",
    "Silence",
    "SimulatedCase",
    "Source",
    "SourceCheck",
    "SourceHour",
    "SourceStory",
    "SourceWatch",
    "User",
    "WorkGroup",
    "db",
]
