from triage.models.codes import VerificationCode
from triage.models.desk import CannedReply, Draft, Mention, SavedView
from triage.models.escalation import Escalation
from triage.models.exchange import EscalationMessage
from triage.models.flag_words import FlagWords
from triage.models.letters import VerificationLetter
from triage.models.routing import RoutingVersion
from triage.models.staff_checks import StaffCheck
from triage.models.verification import Attestation, PlaybookStep, VerificationAttempt, VerificationHold
from triage.models.webhooks import WebhookEndpoint

__all__ = [
    "Attestation",
    "CannedReply",
    "Draft",
    "Escalation",
    "EscalationMessage",
    "FlagWords",
    "Mention",
    "PlaybookStep",
    "RoutingVersion",
    "SavedView",
    "StaffCheck",
    "VerificationAttempt",
    "VerificationCode",
    "VerificationHold",
    "VerificationLetter",
    "WebhookEndpoint",
]
