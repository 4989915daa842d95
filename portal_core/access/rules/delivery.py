"""What became of a mail or a text, in the words an office reads out on the phone (PC-58). Pure."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from portal_core.notify.enums import TONES, DeliveryState

NAMES = {
    "access/invite": _("Invitation"),
    "access/reset": _("Link to set a new password"),
    "access/username": _("User name"),
    "access/password_set": _("Notice: a password was set"),
    "access/password_by_office": _("Notice: the office set a password"),
    "access/email_changed_old": _("Notice to the old address: e-mail changed"),
    "access/email_changed_new": _("Notice to the new address: e-mail changed"),
    "access/on_hold": _("Answer: the new address is on hold"),
    "access/confirm": _("Registration: confirm the e-mail address"),
    "triage/identity_code": _("Code to show who is asking"),
    "triage/proof_used": _("Notice: the office changed something"),
    "triage/proof_waits": _("Notice: the office will change something"),
}
WORDS = {
    "waiting": _("Waiting to be sent. This takes a minute at most; longer means that sending is held up."),
    "sending": _("Being sent right now."),
    "sent": _("Taken by the patient's mail service; it has not come back. Not there? Look in the spam folder."),
    "delivered": _("Delivered to the mailbox."),
    "failed": _("Came back: that address takes no mail. Go through the address with the patient."),
    "dead": _("Could not be sent after many tries. Check the address, then send it again."),
    "expired": _("Not sent: it would have come too late. Send it again."),
    "cancelled": _("Taken back before it was sent."),
    "superseded": _("Replaced by a newer one before it was sent."),
    "held": _("Held back for the moment."),
}
TEXT_WORDS = {
    **WORDS,
    "sent": _("Handed to the phone company, which has not said yet that it arrived. Is the phone on?"),
    "delivered": _("Delivered to the phone."),
    "failed": _("The phone company could not deliver it. Go through the number with the patient."),
    "dead": _("Could not be sent after many tries. Check the phone number, then send it again."),
}
_GONE = _("That number takes no texts: it does not exist or is a landline. Ask the patient for a mobile number.")
_STOPPED = _("The patient has stopped our texts. They can text START to the number the texts came from.")
_FILTERED = _("The phone company held it back. Use another way, such as e-mail or a call.")
TEXT_FAILURES = {  # of Twilio, https://www.twilio.com/docs/api/errors
    "twilio_30003": _("The phone was off or without reception. Send it again when the patient has it in hand."),
    "twilio_30004": _STOPPED,
    "twilio_21610": _STOPPED,
    "twilio_30005": _GONE,
    "twilio_30006": _GONE,
    "twilio_21211": _GONE,
    "twilio_21614": _GONE,
    "twilio_30007": _FILTERED,
    "twilio_30008": _FILTERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """`tone` of a badge, a sentence that says what to do where something is to be done, and the word on the badge where
    the state's own does not fit."""

    tone: str
    sentence: str
    word: str = ""


def name_of(template: str) -> str:
    """What a patient would call it."""
    return str(NAMES.get(template, _("Message from the office")))


def fate_of(state: str, *, text: bool = False, code: str = "") -> Fate:
    """`code`: why it failed, as the provider's number says; only of texts, where it tells what to do."""
    sentence = (TEXT_WORDS if text else WORDS)[state]
    # A text that was taken is not there yet; a mail that was taken has not come back.
    tone = "info" if text and state == "sent" else TONES[DeliveryState(state)]
    if text and state == "failed":
        return Fate(tone=tone, sentence=str(TEXT_FAILURES.get(code, sentence)), word=str(_("Not delivered")))
    return Fate(tone=tone, sentence=str(sentence))


def link_fate(*, used: bool, replaced: bool, over: bool) -> str:
    """What became of the link in a mail that arrived; what was used counts before what ended it."""
    if used:
        return str(_("The patient has opened it and set a password."))
    if replaced:
        return str(_("Its link is dead: a newer one was sent, the patient signed in, or the address changed."))
    if over:
        return str(_("Its link ran out unused. Send a new one."))
    return str(_("Its link still works and has not been used."))
