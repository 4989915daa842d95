"""The decision table of the two tiers (research §3.2) as data: one row per category.

Order of the columns: first owner, level of verification, office steps before a relay, the TR-05 reasons for which this
category may go to IT, what the office does, when it is relayed. No reasons: it never goes to IT.
"""

from dataclasses import dataclass
from typing import Final

from helpdesk.enums import Category as C  # noqa: N817
from triage.enums import Level, Owner, RelayReason
from triage.enums import OfficeStep as S

ERROR, LOGIN, CONNECT, MAIL = RelayReason
OFFICE, IT, CLINIC, BILLING, PRIVACY, SECURITY = Owner
R0, R1, R2, R3, R4, RS = Level
ID, SETUP, PIN, TRACK, RESET, RELAY = S


@dataclass(frozen=True, slots=True)
class Route:
    """One row. `office_does` and `relay_when` are sentences for people; the rest is what the engine decides by."""

    category: C
    owner: Owner
    level: Level
    steps: tuple[S, ...]
    reasons: tuple[RelayReason, ...]
    office_does: str
    relay_when: str

    @property
    def goes_to_it(self) -> bool:
        return bool(self.reasons)

    @property
    def needs_identity(self) -> bool:
        """Whether a flag of this category must carry an attestation."""
        return self.level not in (Level.R0, Level.RS)


_ROWS: Final = (
    # Signing in
    Route(
        C.LOGIN_PWD, OFFICE, R2, (ID, SETUP, RESET), (ERROR, LOGIN, MAIL),
        "Look at the portal status. Verify the patient, then send a reset link to the e-mail on file.",
        "The link does not work, or a second reset fails.",
    ),
    Route(
        C.LOGIN_UID, OFFICE, R1, (SETUP,), (ERROR, LOGIN),
        "Send the user name to the contact on file.",
        "The user name is not found or cannot be sent.",
    ),
    Route(
        C.LOCKED, OFFICE, R2, (ID, SETUP), (ERROR, LOGIN),
        "Look for a hold, then send a reset link after verifying.",
        "It locks again, or the office cannot see the lock.",
    ),
    Route(
        C.MFA_CODE, OFFICE, R1, (SETUP,), (ERROR, LOGIN),
        "Is the number or e-mail on file right? Is it blocked by the carrier? Offer the other way.",
        "The contact is right and the second way fails too.",
    ),
    Route(
        C.MFA_NEWPHONE, OFFICE, R3, (ID,), (ERROR,),
        "Verify with two proofs and a second person, then remove the lost phone. All sessions end.",
        "Only when our tool shows an error.",
    ),
    Route(
        C.WRONG_PORTAL, OFFICE, R0, (), (CONNECT,),
        "Send the right link. Ask where the old one came from.",
        "Several in a day: a link or an address may have changed.",
    ),
    Route(
        C.REG_PIN, OFFICE, R2, (ID, SETUP, PIN), (ERROR, LOGIN),
        "Verify the patient, then generate a new PIN.",
        "A fresh PIN is refused twice.",
    ),
    Route(
        C.NOT_SETUP, OFFICE, R1, (SETUP,), (ERROR, LOGIN),
        "Is access on? E-mail and ZIP on file? Compare e-mail, last name, birth date and ZIP with the patient.",
        "All four fields match and it is still refused.",
    ),
    Route(
        C.CONTACT_CHANGE, OFFICE, R3, (ID,), (ERROR,),
        "Verify with two proofs, confirm the new contact by a code, tell the old one.",
        "Only when our tool shows an error.",
    ),
    Route(
        C.SHARED_EMAIL, OFFICE, R3, (ID, SETUP), (),
        "Give each their own user name, say who can read that mailbox, and offer an address of their own.",
        "Never.",
    ),
    Route(
        C.DUP_ACCT, OFFICE, R3, (ID,), (ERROR,),
        "Stop and hide what they see. Somebody else's data was seen: tell the privacy officer at once.",
        "To merge records, or when a wrong chart was shown: that is an incident.",
    ),
    Route(
        C.PROXY_MINOR, OFFICE, R4, (ID,), (ERROR,),
        "See the adult's ID and the paper that proves authority. Is there a custody or safety flag?",
        "Only when our tool shows an error.",
    ),
    Route(
        C.PROXY_ADULT, OFFICE, R4, (ID,), (ERROR,),
        "The patient consents in person or in the portal, or a document says so. Choose scopes and an end.",
        "Only when our tool shows an error.",
    ),
    Route(
        C.AGE_OUT, OFFICE, R4, (ID, PIN), (ERROR,),
        "End the parent's access. Give the young adult a PIN of their own.",
        "Only when our tool shows an error.",
    ),
    # Messages and attachments
    Route(
        C.MSG_NOT_RECEIVED, OFFICE, R1, (SETUP, TRACK), (MAIL, ERROR),
        "Track the delivery. Check the address and the spam folder. Send it once more.",
        "It does not arrive after one more try.",
    ),
    Route(
        C.MSG_DELIVERY, OFFICE, R0, (TRACK,), (MAIL, ERROR),
        "Look at the delivery line on the patient's page: queued, sent, delivered, bounced, read.",
        "It is stuck or bounced for several patients.",
    ),
    Route(
        C.NOTIFY_PREF, OFFICE, R1, (TRACK,), (MAIL,),
        "Open the notice settings together.",
        "A choice is saved and not kept.",
    ),
    Route(
        C.ATTACH_OPEN, OFFICE, R0, (TRACK,), (ERROR,),
        "Walk through opening it on their device. Is there a PDF reader?",
        "The file is damaged, or there is an error text.",
    ),
    Route(
        C.ATTACH_MISSING, OFFICE, R1, (TRACK,), (ERROR, MAIL),
        "Was it sent and released?",
        "It was sent and is still not there.",
    ),
    # Errors and reaching the site
    Route(
        C.ERROR_MSG, IT, R0, (), (ERROR,),
        "Take the exact words, the time, the page and the device. No health details.",
        "Always.",
    ),
    Route(
        C.SITE_DOWN, IT, R0, (), (CONNECT, ERROR),
        "Look at the status page. Do other sites work for them? Are several people calling?",
        "Always.",
    ),
    Route(
        C.BROWSER, OFFICE, R0, (), (ERROR, CONNECT),
        "Check the list of supported browsers and walk through the steps.",
        "A supported version still fails.",
    ),
    Route(
        C.SLOW, OFFICE, R0, (), (CONNECT, ERROR),
        "Look at the status page. Ask about their own Wi-Fi.",
        "Three reports in half an hour, or staff see it too.",
    ),
    Route(
        C.APP_MOBILE, OFFICE, R0, (), (ERROR, CONNECT),
        "Which version? Reinstall, or use the website meanwhile.",
        "It happens again each time.",
    ),
    Route(
        C.ACCESSIBILITY, OFFICE, R0, (), (ERROR,),
        "Offer another way now: do it for them on the phone, or on paper.",
        "A page does not work with the aid.",
    ),
    Route(C.LANGUAGE, OFFICE, R0, (), (), "Call an interpreter now, then set the language.", "Never."),
    Route(C.NAV_HELP, OFFICE, R0, (), (), "Show them the way, or send the help article.", "Never."),
    # Video visits
    Route(
        C.TH_JOIN, OFFICE, R1, (SETUP,), (ERROR, CONNECT),
        "Read the eligibility reasons, send the link again, and offer the phone now.",
        "They are eligible and still refused.",
    ),
    Route(
        C.TH_AV, OFFICE, R0, (), (ERROR, CONNECT),
        "Open the device test page together; fall back to the phone.",
        "The test passes and the visit still fails.",
    ),
    Route(
        C.TH_WAIT, OFFICE, R0, (), (ERROR, CONNECT),
        "Tell the provider that the patient waits.",
        "The provider cannot admit them.",
    ),
    # Care, records, money: not for support; handed over in one step
    Route(
        C.RESULT_MISSING, CLINIC, R1, (TRACK,), (ERROR,),
        "Was it released? Is there a delay or an embargo?",
        "It was released and is still not there.",
    ),
    Route(
        C.RECORD_WRONG, CLINIC, R2, (ID,), (ERROR,),
        "Explain how to ask for a correction and take the request.",
        "It belongs to another patient: privacy officer and IT.",
    ),
    Route(
        C.ECONSULT, CLINIC, R1, (), (ERROR,),
        "Pass it to the clinician. Never answer clinically.",
        "The feature itself shows an error.",
    ),
    Route(C.APPT, OFFICE, R1, (), (ERROR,), "Hand it to scheduling.", "The feature itself shows an error."),
    Route(C.REFILL, CLINIC, R1, (), (ERROR,), "Hand it to the clinician.", "The feature itself shows an error."),
    Route(C.FORM, OFFICE, R1, (), (ERROR,), "Hand it to the front desk.", "The feature itself shows an error."),
    Route(C.BILLING, BILLING, R2, (ID,), (ERROR,), "Hand it to billing.", "The payment page shows an error."),
    Route(
        C.PRIVACY_REQ, PRIVACY, R2, (ID,), (ERROR,),
        "Take the request and its date, then hand it to the privacy officer: the clock runs.",
        "A log or an export has to be pulled.",
    ),
    Route(
        C.SEC_REPORT, SECURITY, R0, (), (ERROR, LOGIN, CONNECT, MAIL),
        "End all sessions now. Then verify, to let them in again.",
        "Always, at once.",
    ),
    Route(
        C.CLINICAL_URGENT, CLINIC, R0, (), (),
        "911 or the crisis line first. Then bring a clinician to the phone. It never waits in a list.",
        "Never.",
    ),
    # Staff and providers
    Route(
        C.STAFF_ACCESS, IT, RS, (), (ERROR, LOGIN, CONNECT),
        "Staff ask IT themselves. IT calls back the office's main number.",
        "Direct.",
    ),
    Route(C.STAFF_HOWTO, IT, R0, (), (ERROR, CONNECT), "Staff ask IT themselves.", "Direct."),
    Route(
        C.PROVIDER_PORTAL, IT, R0, (), (ERROR, CONNECT),
        "Look at the status page and use the other ways in: direct link, calendar link, offline kit.",
        "Direct.",
    ),
    Route(C.FEEDBACK, OFFICE, R0, (), (ERROR,), "Say thank you and write it down.", "It is about the product."),
    Route(
        C.OTHER, OFFICE, R0, (), (ERROR, CONNECT),
        "Read it and choose the kind that fits, so that the right steps appear.",
        "It turns out to be an error, or a site that cannot be reached.",
    ),
)  # fmt: skip

ROUTES: Final[dict[C, Route]] = {row.category: row for row in _ROWS}


def route(category: str) -> Route:
    """The row of a category. Raises ValueError for a word that is none."""
    return ROUTES[C(category)]
