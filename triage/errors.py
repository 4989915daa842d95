"""Refusals of the support desk."""

from django.utils.translation import gettext_lazy as _

from portal_core.access.errors import AttestationRequired
from portal_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany


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


class PurposeNotOffered(Conflict):
    code = "purpose_not_offered"
    message = _("A check for that does not belong to this kind of request. Change the kind of request first.")


class WrongCode(Conflict):
    code = "wrong_code"
    message = _("That is not the code. Let them look again; after the third wrong one this check fails.")


class CodeTooOld(Conflict):
    code = "code_too_old"
    message = _("There is no code that still works. Send a new one.")


class TooManyLetters(TooMany):
    code = "too_many_letters"
    message = _("Three letters went out to this patient within a week. Wait for one of them, or ask for a visit.")


class LetterJustSent(Conflict):
    code = "letter_just_sent"
    message = _("A colleague made a letter at the same moment. Look at the ticket again.")


class TooManyCodes(TooMany):
    code = "too_many_codes"
    message = _("Three codes went out to this patient within an hour. Wait, or choose another way.")


class NobodyToWarn(Conflict):
    code = "nobody_to_warn"
    message = _("No contact on file is old enough to warn them. A second person has to approve this one.")


class NotYourColleague(Forbidden):
    code = "not_your_colleague"
    message = _("IT checks colleagues of its own practice, on requests written to IT, and never oneself.")


class StaffOnHold(Conflict):
    code = "staff_on_hold"
    message = _("Three checks of this colleague failed within a day. Their manager has to come to you with them.")


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


class SameIncident(Invalid):
    code = "same_incident"
    message = _("That is this very incident. Choose the other one.")


class EscalationOpen(Conflict):
    code = "escalation_open"
    message = _("IT has an open flag on this. Wait for the answer, or take the flag back first: it is a button below.")


class FlagIsOpen(Conflict):
    code = "flag_is_open"
    message = _(
        "The flag to IT is still open. End it first: answer IT's question, confirm their answer, or take the flag back."
    )


class VariableRefused(Invalid):
    """A prepared answer names something it may not."""

    code = "variable_refused"


class NotYourReplies(Forbidden):
    code = "not_your_replies"
    message = _("Prepared answers are changed by the office manager, a practice administrator, or the IT lead.")


class TitleTaken(Conflict):
    code = "title_taken"
    message = _("There is a prepared answer of that name already. Change that one, or take another name.")


class TooManyViews(Conflict):
    code = "too_many_views"
    message = _("You keep twelve views already. Remove one first.")


class WrongDuplicate(Conflict):
    code = "wrong_duplicate"
    message = _(
        "A flag is a duplicate of an older flag of the same office. Choose that one, or link both to an incident."
    )


class WakeTooFar(Invalid):
    code = "wake_too_far"
    message = _("Choose a time within the next seven days.")


class EditRefused(Invalid):
    """An edit of the decision table that may not be: `facts["objections"]` names each field and why."""

    code = "edit_refused"
    message = _("This cannot be changed like that. Each line below says why.")


class RoutingChanged(Conflict):
    code = "routing_changed"
    message = _("Somebody changed the table meanwhile. Look at it as it is now, then change it again.")


class EndpointNotFound(NotFound):
    code = "endpoint_not_found"


class AddressRefused(Invalid):
    """`facts["why"]` is a code of kernel.http.outbound.target."""

    code = "address_refused"
    message = _("Give an https address with the name of a host, without a user name, on port 443 or above 1023.")


class TooManyEndpoints(Conflict):
    code = "too_many_endpoints"
    message = _("Your practice has ten webhooks already. Remove one first.")


class EndpointNotOn(Conflict):
    code = "endpoint_not_on"
    message = _("This webhook is not on. Check the address first, then send again.")


class EndpointMoved(Conflict):
    code = "endpoint_moved"
    message = _("Somebody changed this webhook meanwhile. Look at it as it is now, then go on.")


class SecretWasShown(Conflict):
    code = "secret_was_shown"
    message = _("The secret was shown already. Make a new one if it is lost.")


class NothingToSend(Conflict):
    code = "nothing_to_send"
    message = _("This message is still on its way, or it is not kept any more.")
