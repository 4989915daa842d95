"""Words of the helpdesk and the map of its state machine. Codes of `Category`: the office → IT decision table."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Category(models.TextChoices):
    """What a request is about; the label is what staff read."""

    LOGIN_PWD = "LOGIN_PWD", _("Forgot password")
    LOGIN_UID = "LOGIN_UID", _("Forgot user name")
    LOCKED = "LOCKED", _("Locked out after too many tries")
    MFA_CODE = "MFA_CODE", _("Sign-in code does not come")
    MFA_NEWPHONE = "MFA_NEWPHONE", _("New phone, sign-in codes lost")
    REG_PIN = "REG_PIN", _("Needs a registration PIN")
    NOT_SETUP = "NOT_SETUP", _("Account could not be verified")
    WRONG_PORTAL = "WRONG_PORTAL", _("On the wrong site, or an old link")
    CONTACT_CHANGE = "CONTACT_CHANGE", _("New e-mail address or phone number")
    SHARED_EMAIL = "SHARED_EMAIL", _("Two people with one e-mail address")
    DUP_ACCT = "DUP_ACCT", _("Two accounts, or somebody else's record")
    PROXY_MINOR = "PROXY_MINOR", _("Access to a child's record")
    PROXY_ADULT = "PROXY_ADULT", _("Access for a relative or carer")
    AGE_OUT = "AGE_OUT", _("Turned 18: parent's access ends")
    MSG_NOT_RECEIVED = "MSG_NOT_RECEIVED", _("Secure message e-mail not received")
    MSG_DELIVERY = "MSG_DELIVERY", _("Did the patient get the message?")
    ATTACH_OPEN = "ATTACH_OPEN", _("Cannot open an attachment")
    ATTACH_MISSING = "ATTACH_MISSING", _("Attachment is missing")
    ERROR_MSG = "ERROR_MSG", _("Error message")
    SITE_DOWN = "SITE_DOWN", _("Cannot reach the site")
    BROWSER = "BROWSER", _("Browser or device settings")
    SLOW = "SLOW", _("Slow or timing out")
    APP_MOBILE = "APP_MOBILE", _("Phone or tablet app")
    ACCESSIBILITY = "ACCESSIBILITY", _("Screen reader or other aid")
    LANGUAGE = "LANGUAGE", _("Needs another language")
    TH_JOIN = "TH_JOIN", _("Cannot join a video visit")
    TH_AV = "TH_AV", _("Camera, microphone or call quality")
    TH_WAIT = "TH_WAIT", _("Stuck in the waiting room")
    NAV_HELP = "NAV_HELP", _("Where do I find …?")
    RESULT_MISSING = "RESULT_MISSING", _("A result or report is missing")
    RECORD_WRONG = "RECORD_WRONG", _("Something in the record is wrong")
    ECONSULT = "ECONSULT", _("Message or question for the clinician")
    APPT = "APPT", _("Appointment")
    REFILL = "REFILL", _("Refill")
    FORM = "FORM", _("Form or letter")
    BILLING = "BILLING", _("Bill or payment")
    NOTIFY_PREF = "NOTIFY_PREF", _("Too many or no notices")
    PRIVACY_REQ = "PRIVACY_REQ", _("Privacy request")
    SEC_REPORT = "SEC_REPORT", _("Somebody is in my account, or phishing")
    CLINICAL_URGENT = "CLINICAL_URGENT", _("Urgent symptoms")
    STAFF_ACCESS = "STAFF_ACCESS", _("Staff sign-in")
    STAFF_HOWTO = "STAFF_HOWTO", _("Staff question about the portal")
    PROVIDER_PORTAL = "PROVIDER_PORTAL", _("Provider portal limited or down")
    FEEDBACK = "FEEDBACK", _("Idea or complaint")
    OTHER = "OTHER", _("Something else")


STAFF_CATEGORIES = frozenset({Category.STAFF_ACCESS, Category.STAFF_HOWTO, Category.PROVIDER_PORTAL})
# What may be a fault of the system itself: only these may go to the support line where a practice has one (C5).
TECHNICAL = frozenset(
    {
        Category.ERROR_MSG,
        Category.SITE_DOWN,
        Category.SLOW,
        Category.BROWSER,
        Category.APP_MOBILE,
        Category.ACCESSIBILITY,
        Category.TH_AV,
        Category.MSG_NOT_RECEIVED,
    }
)


class Channel(models.TextChoices):
    """How the request came in (HD-10)."""

    WEB = "web", _("Contact form")
    PHONE = "phone", _("Phone call")
    VOICEMAIL = "voicemail", _("Voicemail")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    PORTAL = "portal", _("Patient portal")
    MESSAGE = "message", _("Secure message")
    STAFF = "staff", _("Staff")


# Where the patient reads and writes behind their sign-in: whose it is is known, and what of it they read.
IN_PORTAL = (Channel.MESSAGE, Channel.PORTAL)


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
    MERGED = "merged", _("Joined with another ticket")


LIVE = (
    TicketState.NEW,
    TicketState.OPEN,
    TicketState.WAIT_PATIENT,
    TicketState.WAIT_INCIDENT,
    TicketState.CLOSE_LOOP,
)
PAUSED = (TicketState.WAIT_PATIENT, TicketState.WAIT_INCIDENT, TicketState.CLOSE_LOOP)
UNASKED = (TicketState.NEW, TicketState.OPEN, TicketState.WAIT_PATIENT)  # alive, and not in an incident's hands
# Where a ticket may be part of an incident of which its requester was not asked yet.
LINKED = (TicketState.WAIT_INCIDENT, TicketState.OPEN, TicketState.WAIT_PATIENT)
OURS = (TicketState.NEW, TicketState.OPEN)  # the move is the office's or IT's, and a clock runs
ENDED = (TicketState.SOLVED, TicketState.CLOSED)
DONE = (*ENDED, TicketState.MERGED)

MOVES: dict[TicketState, tuple[TicketState, ...]] = {
    TicketState.NEW: (
        TicketState.OPEN, TicketState.WAIT_PATIENT, TicketState.WAIT_INCIDENT, TicketState.SOLVED, TicketState.MERGED,
    ),
    TicketState.OPEN: (
        TicketState.WAIT_PATIENT, TicketState.WAIT_INCIDENT, TicketState.CLOSE_LOOP, TicketState.SOLVED,
        TicketState.MERGED,
    ),
    TicketState.WAIT_PATIENT: (
        TicketState.OPEN, TicketState.WAIT_INCIDENT, TicketState.SOLVED, TicketState.MERGED,
    ),
    TicketState.WAIT_INCIDENT: (TicketState.OPEN, TicketState.CLOSE_LOOP),
    TicketState.CLOSE_LOOP: (TicketState.OPEN, TicketState.WAIT_INCIDENT, TicketState.SOLVED),
    TicketState.SOLVED: (TicketState.OPEN, TicketState.CLOSED),  # an answer within a week reopens
    TicketState.CLOSED: (),
    TicketState.MERGED: (),
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


class SnoozeReason(models.TextChoices):
    """Why a ticket rests until later although the move is ours. Its clock goes on."""

    CALL_BACK = "call_back", _("Call them back then")
    VISIT = "visit", _("They come in then")
    COLLEAGUE = "colleague", _("A colleague is needed")
    OUTSIDE = "outside", _("Somebody outside must act first")


class Alert(models.TextChoices):
    """How far a ticket is towards or past its time."""

    NONE = "", _("In time")
    WARNED = "warned", _("Due soon")
    BREACHED = "breached", _("Overdue")
    ESCALATED = "escalated", _("Overdue, the lead was told")


class LinkKind(models.TextChoices):
    RELATED = "related", _("Related")
    SPLIT = "split", _("Split off")
    FOLLOW_UP = "follow_up", _("Follow-up")


class UndoKind(models.TextChoices):
    """What may be taken back for ten seconds."""

    REPLY = "reply", _("Reply")
    SOLVE = "solve", _("Solved")
    MERGE = "merge", _("Joined")
    TAKE = "take", _("Taken")
    OFFICE = "office", _("Handed over")
    KIND = "kind", _("Another kind")
    WAIT = "wait", _("Linked to an incident")
    DESK = "desk", _("Given to the other desk")


class Deed(StrEnum):
    """Deeds before which those are asked who keep something beside a ticket (`tickets.before_deed`)."""

    END = "end"  # it will be solved
    JOIN = "join"  # it will be part of another one
    OFFICE = "office"  # it will stand at another office
    PATIENT = "patient"  # it will be about this patient
    DESK = "desk"  # it will stand at the other desk
    INCIDENT = "incident"  # it will wait for an incident


class Resolution(models.TextChoices):
    """How it ended."""

    OFFICE = "office", _("Fixed by the office")
    IT = "it", _("Fixed by IT")
    INCIDENT = "incident", _("The incident is over")
    HANDED_OVER = "handed_over", _("Handed to someone else in the practice")
    NO_ANSWER = "no_answer", _("No answer from the requester")
    NOT_NEEDED = "not_needed", _("Nothing left to do")


# What somebody at a desk may say of how it ended. The end of an incident is the requester's own "yes", or silence after
# being asked, of which nobody is told a second time.
RESOLUTIONS_BY_HAND = tuple(one for one in Resolution if one != Resolution.INCIDENT)


class Visibility(models.TextChoices):
    PATIENT = "patient", _("Requester can read it")
    INTERNAL = "internal", _("Internal note")


class Author(models.TextChoices):
    REQUESTER = "requester", _("Requester")
    OFFICE = "office", _("Office")
    IT = "it", _("IT support")
    SYSTEM = "system", _("System")


class CallDirection(models.TextChoices):
    IN = "in", _("They called")
    OUT = "out", _("We called")


class CallState(models.TextChoices):
    """A call on the practice's line, from the menu to its end."""

    MENU = "menu", _("In the menu")
    RINGING = "ringing", _("Ringing at the desk")
    VOICEMAIL = "voicemail", _("Leaving a message")
    ENDED = "ended", _("Over")


CALL_MOVES: dict[CallState, tuple[CallState, ...]] = {
    CallState.MENU: (CallState.RINGING, CallState.VOICEMAIL, CallState.ENDED),
    CallState.RINGING: (CallState.VOICEMAIL, CallState.ENDED),
    CallState.VOICEMAIL: (CallState.ENDED,),
    CallState.ENDED: (),
}
CALL_TONES: dict[CallState, str] = {
    CallState.MENU: "info",
    CallState.RINGING: "warning",
    CallState.VOICEMAIL: "info",
    CallState.ENDED: "neutral",
}
CALL_VERBS: dict[CallState, tuple[str, ...]] = {
    CallState.MENU: ("call:begin",),
    CallState.RINGING: ("call:route",),
    CallState.VOICEMAIL: ("call:route", "call:rang"),
    CallState.ENDED: ("call:rang", "call:message", "call:over"),
}
# As the desks see it; the requester's own words and tones are in `rules.turn`.
TONES: dict[TicketState, str] = {
    TicketState.NEW: "warning",
    TicketState.OPEN: "info",
    TicketState.WAIT_PATIENT: "neutral",
    TicketState.WAIT_INCIDENT: "warning",
    TicketState.CLOSE_LOOP: "ok",
    TicketState.SOLVED: "ok",
    TicketState.CLOSED: "neutral",
    TicketState.MERGED: "neutral",
}
VERBS: dict[TicketState, tuple[str, ...]] = {
    TicketState.NEW: ("ticket:open",),
    TicketState.OPEN: (
        "ticket:take",
        "ticket:reply",
        "ticket:call",
        "ticket:rate",
        "ticket:relay",
        "ticket:still_broken",
        "ticket:leave_incident",
        "ticket:wake",
        "ticket:change_desk",
    ),
    TicketState.WAIT_PATIENT: ("ticket:reply",),
    TicketState.WAIT_INCIDENT: ("ticket:wait_for_incident",),
    TicketState.CLOSE_LOOP: ("ticket:close_loop",),
    TicketState.SOLVED: (
        "ticket:solve",
        "ticket:confirm_fixed",
        "ticket:wake",
        "ticket:reply",  # a message that expects no answer
    ),
    TicketState.CLOSED: ("ticket:close",),
    TicketState.MERGED: ("ticket:merge",),
}


class CallOutcome(models.TextChoices):
    TALKED = "talked", _("Talked")
    NO_ANSWER = "no_answer", _("No answer")
    LEFT_WORD = "left_word", _("Asked to call back")
    VOICEMAIL = "voicemail", _("Left a message")
    HUNG_UP = "hung_up", _("Hung up")


class RecordingState(models.TextChoices):
    """Where the sound of a message is."""

    NONE = "none", _("No recording")
    WANTED = "wanted", _("Being fetched")
    KEPT = "kept", _("Kept here")
    LOST = "lost", _("Could not be fetched")
    REMOVED = "removed", _("Removed: its time was over")


class CopyKind(models.TextChoices):
    """What the provider of the phone line and of texts holds a copy of."""

    RECORDING = "recording", _("Recording")
    MEDIA = "media", _("File of a text")


class TranscriptState(models.TextChoices):
    NONE = "none", _("Not asked for")
    WANTED = "wanted", _("Being written")
    READY = "ready", _("Written by a machine")
    FAILED = "failed", _("Could not be written")


class MailState(models.TextChoices):
    """What became of an e-mail that arrived."""

    RECEIVED = "received", _("Kept, not read yet")
    TICKETED = "ticketed", _("On a ticket")
    HELD = "held", _("Waits for a person to look at it")
    REPORT = "report", _("Report about a mail of ours")
    DUPLICATE = "duplicate", _("Came twice")
    SET_ASIDE = "set_aside", _("Set aside")


MAIL_MOVES: dict[MailState, tuple[MailState, ...]] = {
    MailState.RECEIVED: (MailState.TICKETED, MailState.HELD, MailState.REPORT, MailState.DUPLICATE),
    MailState.TICKETED: (),
    MailState.HELD: (MailState.TICKETED, MailState.SET_ASIDE),
    MailState.REPORT: (),
    MailState.DUPLICATE: (),
    MailState.SET_ASIDE: (MailState.TICKETED,),
}
MAIL_TONES: dict[MailState, str] = {
    MailState.RECEIVED: "info",
    MailState.TICKETED: "ok",
    MailState.HELD: "warning",
    MailState.REPORT: "neutral",
    MailState.DUPLICATE: "neutral",
    MailState.SET_ASIDE: "neutral",
}
MAIL_VERBS: dict[MailState, tuple[str, ...]] = {
    MailState.RECEIVED: ("mail:receive",),
    MailState.TICKETED: ("mail:join", "mail:make_ticket"),
    MailState.HELD: ("mail:hold",),
    MailState.REPORT: ("mail:report",),
    MailState.DUPLICATE: ("mail:duplicate",),
    MailState.SET_ASIDE: ("mail:set_aside",),
}


class SenderCheck(models.TextChoices):
    """What our receiving server found out about the sender's address (SPF, DKIM, DMARC)."""

    UNKNOWN = "", _("Nobody checks")
    CONFIRMED = "confirmed", _("The sender's address is confirmed")
    NOT_CONFIRMED = "unconfirmed", _("The sender's address is not confirmed")


class HoldReason(models.TextChoices):
    """Why an e-mail opened no ticket by itself."""

    MACHINE = "machine", _("Sent by a machine, not about a ticket we know")
    TOO_MANY = "too_many", _("Too many e-mails from one address within an hour")


class FileState(models.TextChoices):
    """Where a file stands between its arrival and somebody's computer."""

    WAITING = "waiting", _("Being checked")
    CLEAN = "clean", _("Checked, nothing found")
    UNCHECKED = "unchecked", _("Not checked: no virus scanner is set up")
    INFECTED = "infected", _("Harmful")
    BLOCKED = "blocked", _("This kind of file is not handed out")
    WITHDRAWN = "withdrawn", _("Taken back")


FILE_MOVES: dict[FileState, tuple[FileState, ...]] = {
    FileState.WAITING: (
        FileState.CLEAN, FileState.UNCHECKED, FileState.INFECTED, FileState.BLOCKED, FileState.WITHDRAWN,
    ),
    FileState.CLEAN: (FileState.INFECTED, FileState.WITHDRAWN),
    FileState.UNCHECKED: (FileState.CLEAN, FileState.INFECTED, FileState.WITHDRAWN),
    FileState.INFECTED: (FileState.WITHDRAWN,),
    FileState.BLOCKED: (),
    FileState.WITHDRAWN: (),
}  # fmt: skip


class FileSender(models.TextChoices):
    """Which way a file went."""

    REQUESTER = "requester", _("Requester")
    OFFICE = "office", _("Office")


FILE_TONES: dict[FileState, str] = {
    FileState.WAITING: "info",
    FileState.CLEAN: "ok",
    FileState.UNCHECKED: "warning",
    FileState.INFECTED: "danger",
    FileState.BLOCKED: "neutral",
    FileState.WITHDRAWN: "neutral",
}
FILE_VERBS: dict[FileState, tuple[str, ...]] = {
    FileState.CLEAN: ("file:scan",),
    FileState.UNCHECKED: ("file:scan",),
    FileState.INFECTED: ("file:scan",),
    FileState.BLOCKED: ("file:scan",),
    FileState.WITHDRAWN: ("file:take_back",),
}


class TextKind(models.TextChoices):
    """What a text message was."""

    WORDS = "words", _("Message")
    STOP = "stop", _("STOP: no more texts")
    START = "start", _("START: texts again")
    HELP = "help", _("HELP")


class DayOffPlace(models.TextChoices):
    """Whom a day off is for."""

    ALL = "all", _("Every office and IT")
    OFFICE = "office", _("An office")
    IT = "it", _("IT support")


class Audience(models.TextChoices):
    """For whom a help article is written. Patients' help and the practice's are separate (PC-55)."""

    PATIENTS = "patients", _("Patients")
    OFFICE = "office", _("Offices")
    IT = "it", _("IT support")


class Hanging(StrEnum):
    """What may hang on a ticket beside its conversation; most tickets have none of it."""

    JOINED = "joined"  # tickets joined into it
    LINKS = "links"
    RATINGS = "ratings"
    FILES = "files"
    MAILS = "mails"
    TEXTS = "texts"
    CALLS = "calls"
    TALKS = "talks"  # calls with its patient, on whichever ticket
    BEFORE = "before"  # somebody had its patient's last ticket
    UNDO = "undo"  # something the reader did in the last seconds and may take back
