"""Refusals of the support desk."""

from django.utils.translation import gettext_lazy as _

from portal_core.access.errors import AttestationRequired
from portal_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class EscalationNotFound(NotFound):
    code = "escalation_not_found"


class VerificationNotFound(NotFound):
    code = "verification_not_found"


class NotYourPatient(Forbidden):
    code = "not_your_patient"
    message = _("Only the patient's own office can verify who they are.")


class VerificationOnHold(Conflict):
    code = "verification_on_hold"
    message = _(
        "Checks for this patient are on hold after several failed ones. They can come to their office with a photo ID."
    )


class VerificationClosed(Conflict):
    code = "verification_closed"
    message = _("This check is already finished. Start a new one.")


class VerificationRunning(Conflict):
    code = "verification_running"
    message = _("A check is already under way on this ticket.")


class NotEnoughEvidence(Invalid):
    code = "not_enough_evidence"
    message = _("That is not enough yet for this kind of request.")


class AttestationRefused(AttestationRequired):
    """The attestation does not carry this action: used, too old, or for something or somebody else."""

    code = "attestation_refused"
    status = 409
    message = _("The identity check does not cover this any more. Verify the patient again.")


class SecondPersonNeeded(Conflict):
    code = "second_person_needed"
    message = _("A second person has to approve this one: your office manager, not the one who made the check.")


class StillWaiting(Conflict):
    code = "still_waiting"
    message = _("The patient may still say no. It works when the waiting time is over.")


class PatientNotMatched(Conflict):
    code = "patient_not_matched"
    message = _("Find the patient first.")


class FlagRefused(Invalid):
    """The packet is not complete: `facts["faults"]` names each code and its fix."""

    code = "flag_refused"
    message = _("The flag was not sent. Each line below says what to do.")


class EscalationMoved(Conflict):
    code = "escalation_moved"
    message = _("Someone else already decided on this flag.")


class EscalationOpen(Conflict):
    code = "escalation_open"
    message = _("IT is still working on this. Wait for the answer, or take the flag back, before you solve the ticket.")
