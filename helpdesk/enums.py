"""Words of the helpdesk and the map of its state machine. Codes of `Category`: the office → IT decision table."""

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What a request is about; the label is what staff read."""

    LOGIN_PWD = "LOGIN_PWD", _("Forgot password")
    LOGIN_UID = "LOGIN_UID", _("Forgot user name")
    LOCKED = "LOCKED", _("Locked out after too many tries")
    REG_PIN = "REG_PIN", _("Needs a registration PIN")
    NOT_SETUP = "NOT_SETUP", _("Account could not be verified")
    CONTACT_CHANGE = "CONTACT_CHANGE", _("New e-mail address or phone number")
    MSG_NOT_RECEIVED = "MSG_NOT_RECEIVED", _("Secure message e-mail not received")
    ATTACH_OPEN = "ATTACH_OPEN", _("Cannot open an attachment")
    ATTACH_MISSING = "ATTACH_MISSING", _("Attachment is missing")
    ERROR_MSG = "ERROR_MSG", _("Error message")
    SITE_DOWN = "SITE_DOWN", _("Cannot reach the site")
    BROWSER = "BROWSER", _("Browser or device settings")
    SLOW = "SLOW", _("Slow or timing out")
    TH_JOIN = "TH_JOIN", _("Cannot join a video visit")
    TH_AV = "TH_AV", _("Camera, microphone or call quality")
    NAV_HELP = "NAV_HELP", _("Where do I find …?")
    STAFF_ACCESS = "STAFF_ACCESS", _("Staff sign-in")
    STAFF_HOWTO = "STAFF_HOWTO", _("Staff question about the portal")
    OTHER = "OTHER", _("Something else")


# The sentence a person picks on the contact form, in the order shown there (HD-13: log-in help comes first).
SENTENCES: dict[Category, str | Promise] = {
    Category.LOGIN_PWD: _("I forgot my password"),
    Category.LOGIN_UID: _("I forgot my user name"),
    Category.LOCKED: _("I am locked out"),
    Category.NOT_SETUP: _("I was told that my account could not be verified"),
    Category.REG_PIN: _("I need a registration PIN, or mine does not work"),
    Category.ERROR_MSG: _("I see an error message"),
    Category.SITE_DOWN: _("I cannot reach the site at all"),
    Category.SLOW: _("It is very slow or stops half-way"),
    Category.MSG_NOT_RECEIVED: _("I did not get an e-mail about a new message"),
    Category.ATTACH_OPEN: _("I cannot find or open an attachment"),
    Category.ATTACH_MISSING: _("An attachment is missing"),
    Category.TH_JOIN: _("I cannot join my video visit"),
    Category.TH_AV: _("My camera, microphone or sound does not work"),
    Category.BROWSER: _("My browser or device is not accepted"),
    Category.CONTACT_CHANGE: _("My e-mail address or phone number changed"),
    Category.NAV_HELP: _("I cannot find something"),
    Category.STAFF_ACCESS: _("I work at a practice and cannot sign in"),
    Category.STAFF_HOWTO: _("I work at a practice and have a question about the portal"),
    Category.OTHER: _("Something else"),
}

STAFF_CATEGORIES = frozenset({Category.STAFF_ACCESS, Category.STAFF_HOWTO})
# What may be a fault of the system itself: only these may go to the support line where a practice has one (C5).
TECHNICAL = frozenset(
    {Category.ERROR_MSG, Category.SITE_DOWN, Category.SLOW, Category.BROWSER, Category.TH_AV, Category.MSG_NOT_RECEIVED}
)


class Channel(models.TextChoices):
    """How the request came in (HD-10)."""

    WEB = "web", _("Contact form")
    PHONE = "phone", _("Phone call")
    PORTAL = "portal", _("Patient portal")
    STAFF = "staff", _("Staff")


class RequesterKind(models.TextChoices):
    """Who asks. It decides who checks the identity: patients by their office, providers by IT (C6)."""

    PATIENT = "patient", _("Patient")
    PROVIDER = "provider", _("Provider")
    STAFF = "staff", _("Practice staff")


class Side(models.TextChoices):
    """Whose ticket it is. A relay to IT never changes it: the office keeps the patient."""

    OFFICE = "office", _("Office")
    IT = "it", _("IT support")


class TicketState(models.TextChoices):
    NEW = "new", _("New")
    OPEN = "open", _("Open")
    WAIT_PATIENT = "wait_patient", _("Waiting for an answer")
    WAIT_INCIDENT = "wait_incident", _("Waiting for an incident")
    CLOSE_LOOP = "close_loop", _("Asking whether it is fixed")
    SOLVED = "solved", _("Solved")
    CLOSED = "closed", _("Closed")


LIVE = (
    TicketState.NEW,
    TicketState.OPEN,
    TicketState.WAIT_PATIENT,
    TicketState.WAIT_INCIDENT,
    TicketState.CLOSE_LOOP,
)
PAUSED = (TicketState.WAIT_PATIENT, TicketState.WAIT_INCIDENT, TicketState.CLOSE_LOOP)
DONE = (TicketState.SOLVED, TicketState.CLOSED)

MOVES: dict[TicketState, tuple[TicketState, ...]] = {
    TicketState.NEW: (TicketState.OPEN, TicketState.WAIT_PATIENT, TicketState.WAIT_INCIDENT, TicketState.SOLVED),
    TicketState.OPEN: (
        TicketState.WAIT_PATIENT, TicketState.WAIT_INCIDENT, TicketState.SOLVED,
    ),
    TicketState.WAIT_PATIENT: (TicketState.OPEN, TicketState.WAIT_INCIDENT, TicketState.SOLVED),
    TicketState.WAIT_INCIDENT: (TicketState.OPEN, TicketState.CLOSE_LOOP),
    TicketState.CLOSE_LOOP: (TicketState.OPEN, TicketState.WAIT_INCIDENT, TicketState.SOLVED),
    TicketState.SOLVED: (TicketState.OPEN, TicketState.CLOSED),  # an answer within a week reopens
    TicketState.CLOSED: (),
}  # fmt: skip


class Turn(models.TextChoices):
    """Whose move it is; derived, and what every queue is sorted by."""

    OFFICE = "office", _("Office")
    IT = "it", _("IT")
    PATIENT = "patient", _("Requester")
    NOBODY = "nobody", _("Nobody")


class WaitReason(models.TextChoices):
    """Why a ticket stands still. Each has a wake-up (`rules.waits`)."""

    ANSWER = "answer", _("The requester was asked something")
    INCIDENT = "incident", _("A known problem is being fixed")
    CONFIRMATION = "confirmation", _("The requester was asked whether it is fixed")


class Resolution(models.TextChoices):
    """How it ended."""

    OFFICE = "office", _("Fixed by the office")
    IT = "it", _("Fixed by IT")
    INCIDENT = "incident", _("The incident is over")
    HANDED_OVER = "handed_over", _("Handed to someone else in the practice")
    NO_ANSWER = "no_answer", _("No answer from the requester")
    NOT_NEEDED = "not_needed", _("Nothing left to do")


class Visibility(models.TextChoices):
    PATIENT = "patient", _("Requester can read it")
    INTERNAL = "internal", _("Internal note")


class Author(models.TextChoices):
    REQUESTER = "requester", _("Requester")
    OFFICE = "office", _("Office")
    IT = "it", _("IT support")
    SYSTEM = "system", _("System")
