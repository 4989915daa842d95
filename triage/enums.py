"""Words of the support desk: who owns what, how a person is verified, how a flag travels."""

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _


class Owner(models.TextChoices):
    """Who is first to work on a request."""

    OFFICE = "office", _("Office")
    IT = "it", _("IT support")
    CLINIC = "clinic", _("Clinical staff")
    BILLING = "billing", _("Billing")
    PRIVACY = "privacy", _("Privacy officer")
    SECURITY = "security", _("Security")


class OfficeStep(models.TextChoices):
    """What the office is responsible for: the six of TR-04, in their order."""

    VERIFY_IDENTITY = "verify_identity", _("Verify the patient's identity")
    CHECK_SETUP = "check_setup", _("Verify the patient is set up in the portal")
    REGISTRATION_PIN = "registration_pin", _("Generate a registration PIN (when necessary)")
    TRACK_DELIVERY = "track_delivery", _("Verify delivery and track messages and documents sent to the message inbox")
    INSTRUCT_RESET = "instruct_reset", _("Instruct the patient on the initial password reset")
    RELAY = "relay", _("Relay the patient's information to support when there is a technical problem")


class RelayReason(models.TextChoices):
    """When the office sends it on to IT: the four of TR-05, exactly."""

    ERROR_MESSAGE = "error_message", _("The patient receives any error message")
    LOGIN_FAILS = (
        "login_fails",
        _("The patient cannot remember the user ID, or the online password reset does not work"),
    )
    CANNOT_CONNECT = "cannot_connect", _("The patient cannot connect to the practice website or the portal website")
    MESSAGE_NOT_RECEIVED = "message_not_received", _("The patient does not receive a secure message e-mail")


class RefusalCode(models.TextChoices):
    """Why a flag is refused: by code, never by person."""

    NO_ATTESTATION = "NO_ATTESTATION", _("Identity not verified")
    PLAYBOOK_INCOMPLETE = "PLAYBOOK_INCOMPLETE", _("Office steps missing")
    NOT_IT = "NOT_IT", _("Not for IT")
    DUPLICATE_OF = "DUPLICATE_OF", _("Already reported")
    INCIDENT_KNOWN = "INCIDENT_KNOWN", _("Known incident")
    MISSING_FIELD = "MISSING_FIELD", _("Something is missing")


class Level(models.TextChoices):
    """How sure the office must be. Risk follows the destination, not the verb (research §2.3)."""

    R0 = "r0", _("No check needed")
    R1 = "r1", _("Find the chart")
    R2 = "r2", _("One proof")
    R3 = "r3", _("Two proofs and a second person")
    R4 = "r4", _("Two proofs, authority and a second person")
    RS = "rs", _("Staff: call back the office's main number")


PATIENT_LEVELS: Final = (Level.R0, Level.R1, Level.R2, Level.R3, Level.R4)  # weakest first; RS is not on this ladder


class Method(models.TextChoices):
    """What counts as evidence. Nothing but the kind, the time and the age of the contact is ever stored."""

    K = "k", _("Details match the record")
    E1 = "e1", _("Photo ID seen in person")
    E2 = "e2", _("Personally known, in person")
    E3 = "e3", _("Called back on the number on file")
    E4 = "e4", _("Code to the phone on file, read back")
    E5 = "e5", _("Confirmed inside their portal session")
    E6 = "e6", _("Code to the e-mail on file")
    E7 = "e7", _("Video visit with photo ID")
    E8 = "e8", _("Code mailed to the address on file")
    E9 = "e9", _("Authority document seen")


class RedFlag(models.TextChoices):
    """One key each; any of them raises the level by one."""

    PRESSURE = "pressure", _("Urgency or pressure")
    REFUSES_CALL_BACK = "refuses_call_back", _("Refuses call-back")
    PHONE_BROKEN = "phone_broken", _("“My phone is broken or new”")
    CONTACT_AND_RESET = "contact_and_reset", _("New contact and reset in one call")
    CORRECTED_DETAILS = "corrected_details", _("Wrong details, then corrected")
    PROMPTED = "prompted", _("Long pauses, prompting voice")
    ASKS_PROCEDURE = "asks_procedure", _("Asks how we verify")
    OTHER_NUMBER = "other_number", _("Number withheld or not on file")
    NAMES_STAFF = "names_staff", _("Names a staff member for authority")
    NO_NOTICE = "no_notice", _("Asks not to notify")


class AttemptOutcome(models.TextChoices):
    OPEN = "open", _("Under way")
    PASSED = "passed", _("Verified")
    FAILED = "failed", _("Could not complete the check")
    ABANDONED = "abandoned", _("Stopped")


ATTEMPT_MOVES: Final[dict[str, tuple[str, ...]]] = {
    AttemptOutcome.OPEN: (AttemptOutcome.PASSED, AttemptOutcome.FAILED, AttemptOutcome.ABANDONED),
    AttemptOutcome.PASSED: (),
    AttemptOutcome.FAILED: (),
    AttemptOutcome.ABANDONED: (),
}
ATTEMPT_TONES: Final[dict[str, str]] = {
    AttemptOutcome.OPEN: "info",
    AttemptOutcome.PASSED: "ok",
    AttemptOutcome.FAILED: "danger",
    AttemptOutcome.ABANDONED: "neutral",
}
ATTEMPT_VERBS: Final[dict[str, tuple[str, ...]]] = {
    AttemptOutcome.OPEN: ("verification:begin", "staff_check:begin"),
    AttemptOutcome.PASSED: ("verification:complete", "staff_check:pass"),
    AttemptOutcome.FAILED: ("verification:fail", "staff_check:fail"),
    AttemptOutcome.ABANDONED: ("verification:abandon", "staff_check:abandon"),
}


class Purpose(models.TextChoices):
    """What the check is for. An attestation covers one purpose and nothing else (`rules.purposes`)."""

    RESET = "reset", _("Send a reset link or invitation")
    PIN = "pin", _("Hand over a registration PIN")
    CREDENTIALS = "credentials", _("Set user name and password by hand")
    CONTACT = "contact", _("Change the e-mail or phone on file")
    SECOND_STEP = "second_step", _("Take off a lost second step")
    PROXY = "proxy", _("Let somebody act for the patient")
    IDENTITY = "identity", _("Know who it is, change nothing")


class ReleaseEvidence(models.TextChoices):
    """What ends a hold: nothing that works over the phone."""

    PHOTO_ID = "photo_id", _("Photo ID seen at our office")
    LETTER = "letter", _("Code from our letter, read back")


class StaffPurpose(models.TextChoices):
    """What a colleague or provider wants from IT (RS)."""

    HELP = "help", _("Help that changes nothing")
    SIGN_OUT = "sign_out", _("End their sessions everywhere")
    SECOND_STEP = "second_step", _("Take off a lost second step")


class StaffMethod(models.TextChoices):
    """How IT makes sure of a colleague (TR-09). Never by the number they call from."""

    CALL_BACK = "call_back", _("Called back on the office's main number")
    IN_PERSON = "in_person", _("Staff badge and face seen at the IT desk")


class CallChannel(models.TextChoices):
    """Where the person being verified is."""

    PHONE = "phone", _("On the phone")
    IN_PERSON = "in_person", _("In the office")
    WRITTEN = "written", _("Wrote to us")


class EscalationState(models.TextChoices):
    """The flag's own machine, worked by IT while the office keeps the ticket (research §5.3)."""

    SENT = "sent", _("New")
    INVESTIGATING = "investigating", _("Investigating")
    NEED_OFFICE = "need_office", _("Question to the office")
    LINKED = "linked", _("Part of an incident")
    ANSWERED = "answered", _("Answered")
    RETURNED = "returned", _("Returned to the office")
    WITHDRAWN = "withdrawn", _("Taken back or ended")
    DONE = "done", _("Done")


ESCALATION_MOVES: Final[dict[str, tuple[str, ...]]] = {
    EscalationState.SENT: (
        EscalationState.INVESTIGATING,
        EscalationState.RETURNED,
        EscalationState.LINKED,
        EscalationState.WITHDRAWN,
    ),
    EscalationState.INVESTIGATING: (
        EscalationState.NEED_OFFICE,
        EscalationState.ANSWERED,
        EscalationState.LINKED,
        EscalationState.RETURNED,
        EscalationState.WITHDRAWN,
    ),
    EscalationState.NEED_OFFICE: (
        EscalationState.INVESTIGATING,
        EscalationState.LINKED,
        EscalationState.ANSWERED,  # IT found out by itself
        EscalationState.RETURNED,
        EscalationState.WITHDRAWN,
    ),
    # Not this incident after all: back where it was, to whoever had it or to nobody yet.
    EscalationState.LINKED: (EscalationState.DONE, EscalationState.INVESTIGATING, EscalationState.SENT),
    EscalationState.ANSWERED: (EscalationState.DONE, EscalationState.INVESTIGATING),  # the office rejects: a bounce
    EscalationState.RETURNED: (),  # a better flag is a new flag; the old one keeps its code for the reports
    EscalationState.WITHDRAWN: (),
    EscalationState.DONE: (),
}
ESCALATION_OPEN: Final = (
    EscalationState.SENT,
    EscalationState.INVESTIGATING,
    EscalationState.NEED_OFFICE,
    EscalationState.LINKED,
    EscalationState.ANSWERED,
)
ESCALATION_TURN: Final[dict[str, str]] = {
    EscalationState.SENT: "it",
    EscalationState.INVESTIGATING: "it",
    EscalationState.NEED_OFFICE: "office",
    EscalationState.LINKED: "nobody",  # it waits on the incident
    EscalationState.ANSWERED: "office",
    EscalationState.RETURNED: "office",
    EscalationState.WITHDRAWN: "office",
    EscalationState.DONE: "office",
}
ESCALATION_TONES: Final[dict[str, str]] = {
    EscalationState.SENT: "warning",
    EscalationState.INVESTIGATING: "info",
    EscalationState.NEED_OFFICE: "warning",
    EscalationState.LINKED: "info",
    EscalationState.ANSWERED: "warning",
    EscalationState.RETURNED: "warning",
    EscalationState.WITHDRAWN: "neutral",
    EscalationState.DONE: "ok",
}
ESCALATION_VERBS: Final[dict[str, tuple[str, ...]]] = {
    EscalationState.SENT: ("flag:relay", "flag:unlink"),
    EscalationState.INVESTIGATING: (
        "flag:accept",
        "flag:answer",  # whoever answers or asks at once has accepted it
        "flag:ask_office",
        "flag:reply_to_it",
        "flag:take_back",
        "flag:unlink",
    ),
    EscalationState.NEED_OFFICE: ("flag:ask_office",),
    EscalationState.LINKED: ("flag:link",),
    EscalationState.ANSWERED: ("flag:answer",),
    EscalationState.RETURNED: ("flag:decline",),
    EscalationState.WITHDRAWN: ("flag:withdraw",),
    EscalationState.DONE: ("flag:done",),
}


class ExchangeKind(models.TextChoices):
    """What was said about a flag, by whom to whom."""

    ASK = "ask", _("IT asks")
    ANSWER = "answer", _("IT answers")
    RETURN = "return", _("IT sent it back")
    REPLY = "reply", _("The office writes")
    WITHDRAW = "withdraw", _("Taken back or ended")
    NOTE = "note", _("Note for IT")


class Impact(models.TextChoices):
    ONE = "one", _("This patient only")
    SEVERAL = "several", _("Several patients")
    OFFICE = "office", _("The whole office")


class DraftKind(models.TextChoices):
    """Where somebody began to write."""

    REPLY = "reply", _("Reply to the requester")
    NOTE = "note", _("Internal note")
    ANSWER = "answer", _("Answer to the office")
    ASK = "ask", _("Question to the office")


class NewsKind(models.TextChoices):
    """What a practice's webhooks may hear of."""

    TICKET_CREATED = "ticket.created", _("A request came in")
    TICKET_UPDATED = "ticket.updated", _("A request changed")
    TICKET_SOLVED = "ticket.solved", _("A request was solved")
    TICKET_CLOSED = "ticket.closed", _("A request was closed")
    FLAG_SENT = "flag.sent", _("A flag was sent to IT")
    FLAG_ACCEPTED = "flag.accepted", _("IT accepted a flag")
    FLAG_RETURNED = "flag.returned", _("IT sent a flag back")
    FLAG_ANSWERED = "flag.answered", _("IT answered a flag")


TEST_NEWS: Final = "webhook.test"  # sent by hand, to one address


class EndpointState(models.TextChoices):
    """Whether an address of a practice hears of anything."""

    NEW = "new", _("Not checked yet")
    ACTIVE = "active", _("On")
    OFF = "off", _("Switched off")
    STOPPED = "stopped", _("Stopped, does not answer")


ENDPOINT_MOVES: Final[dict[str, tuple[str, ...]]] = {
    EndpointState.NEW: (EndpointState.ACTIVE,),  # it echoed
    EndpointState.ACTIVE: (EndpointState.NEW, EndpointState.OFF, EndpointState.STOPPED),  # new: another address
    EndpointState.OFF: (EndpointState.ACTIVE, EndpointState.NEW),
    EndpointState.STOPPED: (EndpointState.ACTIVE, EndpointState.NEW, EndpointState.OFF),
}
# What happens while an address is stopped is kept for it, so that it can be sent when it answers again.
ENDPOINT_LISTENS: Final = (EndpointState.ACTIVE, EndpointState.STOPPED)
ENDPOINT_TONES: Final[dict[str, str]] = {
    EndpointState.NEW: "warning",
    EndpointState.ACTIVE: "ok",
    EndpointState.OFF: "neutral",
    EndpointState.STOPPED: "danger",
}
ENDPOINT_VERBS: Final[dict[str, tuple[str, ...]]] = {
    EndpointState.NEW: ("webhook:add", "webhook:change"),
    EndpointState.ACTIVE: ("webhook:check",),
    EndpointState.OFF: ("webhook:off",),
    EndpointState.STOPPED: ("webhook:stop",),
}
