import datetime as dt
from dataclasses import dataclass

from portal_core.access.enums import PortalState, Reason
from portal_core.kernel.contracts import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One reason why somebody cannot use the portal: what to read to them, and what the office does about it."""

    reason: Reason
    say: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalStatus:
    """A patient's portal status with its reasons; `label` is the word, `advice` what to do or to read to the
    patient."""

    state: PortalState
    label: str
    advice: tuple[str, ...]
    tone: str
    icon: str
    obstacles: tuple[Obstacle, ...]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(each.reason for each in self.obstacles)

    @property
    def enable_now(self) -> bool:
        """Whether switching access on is all that is missing."""
        return self.reasons == (Reason.NOT_ENABLED,)

    @property
    def enabled(self) -> bool:
        """Whether the switch is on, whatever else is missing (C3)."""
        return Reason.NOT_ENABLED not in self.reasons


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordHelpAsked(Event):
    """Somebody filled in the four fields on the sign-in page; what matched stands on the attempt.

    `granted`: further patients, of other practices, whom it answers too. `alike`: further patients who fit as well.
    Public ids.
    """

    attempt_id: str
    at: dt.datetime
    granted: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAmbiguous(Event):
    """All four fields fit several patients of one practice (PC-44): none of them gets anything, and only their office
    can tell them apart. Public ids, sorted."""

    patient_ids: tuple[str, ...]
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPasswordSet(Event):
    patient_id: str
    token_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeStopped(Event):
    """The owner of the old address says that they did not ask for the change; the portal is closed until the office has
    spoken to the patient."""

    patient_id: str
    office_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailImported(Event):
    """The records of another system put another address on file for somebody with portal access."""

    change_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDied(Event):
    """The records of another system put a patient on file as deceased."""

    patient_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSent(Event):
    """Somebody filled in the registration form; what they typed stands on the registration."""

    registration_id: str
    at: dt.datetime
