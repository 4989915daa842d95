"""Pure judgements about a ticket: whose move it is, what the requester reads, how long a pause may last."""

import datetime as dt

from helpdesk.enums import (
    DONE,
    STAFF_CATEGORIES,
    TECHNICAL,
    Category,
    RequesterKind,
    Side,
    TicketState,
    Turn,
    WaitReason,
)

WAITS: dict[TicketState, tuple[WaitReason, dt.timedelta]] = {
    TicketState.WAIT_PATIENT: (WaitReason.ANSWER, dt.timedelta(days=2)),
    TicketState.WAIT_INCIDENT: (WaitReason.INCIDENT, dt.timedelta(hours=24)),
    TicketState.CLOSE_LOOP: (WaitReason.CONFIRMATION, dt.timedelta(hours=48)),
}
# A question is asked on day 0; it is repeated on day 2 and day 5, and given up on day 9.
NUDGES = (dt.timedelta(days=3), dt.timedelta(days=4))  # from each repetition to the next step
LATE = dt.timedelta(hours=12)  # a repetition later than this moves the next one along
HOLD = dt.timedelta(seconds=10)  # for so long a reply, a solving, a joining may be taken back
SNOOZE_AT_MOST = dt.timedelta(days=90)
REOPEN_WITHIN = dt.timedelta(days=7)
LINK_LIVES_AFTER_CLOSE = dt.timedelta(days=60)


def turn(*, state: TicketState, side: Side, relayed: bool) -> Turn:
    """Exactly one of office, it, patient, nobody."""
    if state in DONE:
        return Turn.NOBODY
    if state in (TicketState.WAIT_PATIENT, TicketState.CLOSE_LOOP):
        return Turn.PATIENT
    if state == TicketState.WAIT_INCIDENT or relayed or side == Side.IT:
        return Turn.IT
    return Turn.OFFICE


LABELS: dict[TicketState, str] = {
    TicketState.NEW: "Received",
    TicketState.OPEN: "We are working on it",
    TicketState.WAIT_PATIENT: "We need you",
    TicketState.WAIT_INCIDENT: "We are working on it",
    TicketState.CLOSE_LOOP: "We think it is fixed",
    TicketState.SOLVED: "Solved",
    TicketState.CLOSED: "Closed",
    TicketState.MERGED: "Joined with your other message",
}
NO_ANSWER_NEEDED = "No answer needed"  # of a message that the office wrote for the patient to know
PUBLIC_TONES: dict[TicketState, str] = {
    TicketState.NEW: "info",
    TicketState.OPEN: "info",
    TicketState.WAIT_PATIENT: "warning",
    TicketState.WAIT_INCIDENT: "info",
    TicketState.CLOSE_LOOP: "ok",
    TicketState.SOLVED: "ok",
    TicketState.CLOSED: "neutral",
    TicketState.MERGED: "neutral",
}


def public_label(state: TicketState) -> str:
    """What the requester reads; names from inside never leak."""
    return LABELS[state]


def public_tone(state: TicketState) -> str:
    """The badge tone that goes with `public_label`."""
    return PUBLIC_TONES[state]


def lands_at(*, requester_kind: RequesterKind, category: Category, patient_line: bool) -> Side:
    """Providers and staff write to IT (TR-09, HD-17). Patients write to their office, always (TR-02, TR-03), but for a
    technical fault in a practice that opened its support line to patients (C5, TR-07)."""
    if requester_kind != RequesterKind.PATIENT:
        return Side.IT
    return Side.IT if patient_line and category in TECHNICAL else Side.OFFICE


# Of a provider or colleague all of these are "Staff sign-in", which IT does nothing about before it has called back.
OF_SIGN_IN = frozenset(
    {
        Category.LOGIN_PWD, Category.LOGIN_UID, Category.LOCKED, Category.MFA_CODE, Category.MFA_NEWPHONE,
        Category.NOT_SETUP, Category.REG_PIN,
    }
)  # fmt: skip


def kind_at(side: Side, category: Category) -> Category:
    """What a request is about once it stands at the other desk: IT has its own word for signing in, with its own check
    (RS), and at an office no kind of staff's requests exists."""
    if side == Side.IT:
        return Category.STAFF_ACCESS if category in OF_SIGN_IN else category
    return Category.OTHER if category in STAFF_CATEGORIES else category
