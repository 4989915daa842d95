"""The gate before every action on an account: no live attestation of the patient's own office, no action.

The support desk registers the consumer and the finder (`register`). Until it does, and in a house without it,
everything is refused. Slot `patient.identity` (`patient=`, `action=`) shows where the check stands, or begins one.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from portal_core.access.enums import CheckMethod
from portal_core.access.errors import AttestationRequired
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

# What the gate stands before: the deeds whose name `find` and `consume` take.
ACTIONS = ("send_reset_link", "issue_pin", "set_credentials", "change_email", "grant_proxy", "reset_second_step")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An attestation that would carry an action now. `methods` are words for people; no answer, no number is in it."""

    attestation_id: str
    level: str
    methods: tuple[str, ...]
    in_person: bool  # photo ID was seen, or they are known and were there
    attested_by: str
    attested_at: dt.datetime
    expires_at: dt.datetime


class Finder(Protocol):
    """The newest usable proof of a patient for an action, if this member of the staff may use it; with
    `attestation_id` that one and no other."""

    def __call__(self, *, patient_id: str, action: str, staff: "Staff", attestation_id: str = "") -> Proof | None: ...


class Consumer(Protocol):
    """Marks the attestation used, in the caller's transaction; whether the patient was there in person. Raises
    AttestationRequired (or a subclass) when it is not this patient's, not for this action, expired or already used."""

    def __call__(self, attestation_id: str, *, patient_id: str, action: str, by: Actor) -> bool: ...


def _refuse(attestation_id: str, *, patient_id: str, action: str, by: Actor) -> bool:
    raise AttestationRequired


def _nothing(*, patient_id: str, action: str, staff: "Staff", attestation_id: str = "") -> Proof | None:
    return None


_consumer: Consumer = _refuse
_finder: Finder = _nothing


def register(consumer: Consumer, finder: Finder = _nothing) -> None:
    """Put the one consumer in place, and who finds what it would accept; called once, by the support desk's app."""
    global _consumer, _finder
    _consumer, _finder = consumer, finder


def find(*, patient_id: str, action: str, staff: "Staff", attestation_id: str = "") -> Proof | None:
    """What `consume` would accept at this moment, the newest of several, or the one that is named; None: the patient
    has to be verified first. Changes nothing."""
    return _finder(patient_id=patient_id, action=action, staff=staff, attestation_id=attestation_id)


def consume(attestation_id: str, *, patient_id: str, action: str, by: Actor) -> CheckMethod:
    """How one knew who asks. `patient_id` is the public id; `action` e.g. "send_reset_link". Raises
    AttestationRequired."""
    if not attestation_id:
        raise AttestationRequired
    in_person = _consumer(attestation_id, patient_id=patient_id, action=action, by=by)
    return CheckMethod.IN_PERSON if in_person else CheckMethod.CHECKED
