"""Whether a telehealth session may be started or joined now, and if not, why (TH-05…08, C1, C2).

Pure: the caller reads the facts and the clock. Every condition that fails is named, so that a person sees all that has
to be put right and not one after the other.
"""

import datetime as dt
from dataclasses import dataclass

WINDOW = dt.timedelta(hours=5)  # on both sides of the scheduled time, both ends included (TH-06, TH-07)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What there is to know of one appointment at one moment. `start` is None for an appointment not yet saved (PC-66).

    Types and statuses are the words of `portal_core.scheduling.enums`; `start` and `now` are aware.
    """

    now: dt.datetime
    start: dt.datetime | None
    type: str
    status: str
    telehealth: bool  # "Telehealth Session?" (PC-63)
    has_patient: bool
    has_portal_account: bool
    practice_switch: bool  # TH-02
    provider_switch: bool  # TH-01
    allow_group: bool = False  # C1
    is_clinician_on_it: bool = True  # TH-06; meaningless for the patient, who has come through their own door
    role_may_start: bool = True  # TH-04
    start_text: str = ""  # the scheduled time as its reader says it, e.g. "2:00 PM"
    opens_text: str = ""  # the first moment of the window
    closed_text: str = ""  # the last moment of the window


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One unmet condition: a stable code, a sentence for the provider and one for the patient."""

    code: str
    provider: str
    client: str


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The verdict; `reasons` is empty exactly when `ok`."""

    reasons: tuple[Reason, ...]

    @property
    def ok(self) -> bool:
        return not self.reasons

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)


IN_PERSON = "Your provider has not set this appointment up as a video session. Please come in, or call the office."
CALL_OFFICE = "Video is not available for this appointment. Please call the office."

_TYPES = {
    "group": "Group Therapy appointments cannot be held by telehealth: sessions are between two people.",
    "event": "A Scheduled Event cannot be held by telehealth. Choose another appointment type.",
    "blackout": "A Vacation or Blackout Period cannot be held by telehealth.",
}
_STATUSES = {
    "noshow": ("missed", "This appointment is marked Missed.", "This appointment is marked as missed."),
    "cancelled": ("cancelled", "This appointment is Cancelled.", "This appointment was cancelled."),
}


def judge(facts: Facts) -> Eligibility:
    """Apply every condition; the order is the one in which a person would put things right."""
    return Eligibility(tuple(reason for rule in _RULES if (reason := rule(facts)) is not None))


def opens_at(start: dt.datetime) -> dt.datetime:
    """First moment of the window, included."""
    return start - WINDOW


def closes_at(start: dt.datetime) -> dt.datetime:
    """Last moment of the window, included."""
    return start + WINDOW


def _saved(facts: Facts) -> Reason | None:
    if facts.start is not None:
        return None
    return Reason(code="not_saved", provider="Save the appointment first.", client=CALL_OFFICE)


def _practice(facts: Facts) -> Reason | None:
    if facts.practice_switch:
        return None
    return Reason(
        code="practice_off",
        provider="Telehealth is switched off for your practice. A practice administrator can switch it on under "
        "Settings > Telehealth > Enable telehealth.",
        client=CALL_OFFICE,
    )


def _provider(facts: Facts) -> Reason | None:
    if facts.provider_switch:
        return None
    return Reason(
        code="provider_off",
        provider="This clinician does not have the Teletherapy role. The practice owner or manager can switch it on "
        "under Practice Settings > Staff > Roles.",
        client=CALL_OFFICE,
    )


def _role(facts: Facts) -> Reason | None:
    if facts.role_may_start:
        return None
    return Reason(code="role", provider="Only a clinician or an intern can start a session.", client=CALL_OFFICE)


def _clinician(facts: Facts) -> Reason | None:
    if facts.is_clinician_on_it:
        return None
    return Reason(
        code="not_clinician",
        provider="Only the clinician on the appointment can start the session.",
        client=CALL_OFFICE,
    )


def _type(facts: Facts) -> Reason | None:
    if facts.type not in _TYPES or (facts.type == "group" and facts.allow_group):
        return None
    return Reason(code="type", provider=_TYPES[facts.type], client=CALL_OFFICE)


def _switch(facts: Facts) -> Reason | None:
    if facts.telehealth:
        return None
    return Reason(
        code="in_person",
        provider="This appointment is in person. Set “Telehealth Session?” to Yes and save.",
        client=IN_PERSON,
    )


def _patient(facts: Facts) -> Reason | None:
    if not facts.has_patient:
        return Reason(code="no_patient", provider="There is no client on this appointment.", client=CALL_OFFICE)
    if not facts.has_portal_account:
        return Reason(
            code="no_portal_account",
            provider="The client has no portal account yet. Send an invitation from the client's page.",
            client="You need a patient portal account to join. Please call the office for an invitation.",
        )
    return None


def _status(facts: Facts) -> Reason | None:
    if facts.status not in _STATUSES:
        return None
    code, provider, client = _STATUSES[facts.status]
    return Reason(code=code, provider=provider, client=f"{client} Please call the office to book another time.")


def _window(facts: Facts) -> Reason | None:
    if facts.start is None:
        return None
    if facts.now < opens_at(facts.start):
        return Reason(
            code="too_early",
            provider=f"The session can be started from {facts.opens_text}, five hours before the scheduled time.",
            client=f"You can join from {facts.opens_text}.",
        )
    if facts.now > closes_at(facts.start):
        return Reason(
            code="too_late",
            provider=f"The session could be started until {facts.closed_text}, five hours after the scheduled time.",
            client=f"This session could be joined until {facts.closed_text}. Please call the office.",
        )
    return None


_RULES = (_saved, _practice, _provider, _role, _clinician, _type, _switch, _patient, _status, _window)
