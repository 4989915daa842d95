"""The portal status of a patient: one rule (PC-24 to PC-32). `queries.with_portal_status` says the same in SQL."""

from portal_core.access.contracts import Obstacle, PortalStatus
from portal_core.access.enums import PortalState, Reason

TONES = {PortalState.INACTIVE: "danger", PortalState.UNACTIVATED: "warning", PortalState.ACTIVE: "ok"}
ICONS = {PortalState.INACTIVE: "lock", PortalState.UNACTIVATED: "clock", PortalState.ACTIVE: "mail"}

FIXES = {
    Reason.NOT_ENABLED: 'Set "Patient Can Access Portal" on the Patient Portal tab.',
    Reason.NO_EMAIL: "Put the patient's e-mail address on file. Make sure that nobody else reads that mailbox.",
    Reason.NO_ZIP: "Put the patient's home zip code on file.",
}
SAY = {
    Reason.NOT_ENABLED: "Your access to the portal is not switched on yet. I can do that for you now.",
    Reason.NO_EMAIL: "We have no e-mail address of yours. Which one do you want to use, and do you alone read it?",
    Reason.NO_ZIP: "We have no zip code of your home on file. What is it, please?",
}
ADVICE = {
    PortalState.UNACTIVATED: (
        'Ask the patient to open the sign-in page and choose "I am a registered patient. '
        'Create my Patient Portal account".'
    ),
    PortalState.ACTIVE: 'Ask the patient to open the sign-in page and choose "I forgot my password".',
}
MISMATCH = (
    'If the patient gets an e-mail that the account "could not be verified", one of four things differs from what is '
    "on file: e-mail, last name, date of birth or zip code. Go through them together."
)


def status_of(*, enabled: bool, email: str, zip_code: str, has_accessed: bool) -> PortalStatus:
    """Judge the four facts. Blank means missing, also when it holds spaces only."""
    missing = (
        (Reason.NOT_ENABLED, not enabled),
        (Reason.NO_EMAIL, not email.strip()),
        (Reason.NO_ZIP, not zip_code.strip()),
    )
    obstacles = tuple(
        Obstacle(reason=reason, say=SAY[reason], fix=FIXES[reason]) for reason, applies in missing if applies
    )
    if obstacles:
        state = PortalState.INACTIVE
        advice = tuple(each.fix for each in obstacles)
    else:
        state = PortalState.ACTIVE if has_accessed else PortalState.UNACTIVATED
        advice = (ADVICE[state], MISMATCH)
    return PortalStatus(
        state=state, label=str(state.label), advice=advice, tone=TONES[state], icon=ICONS[state], obstacles=obstacles
    )
