"""What a check may be for (TR-10): the actions it carries, how sure one must be, and which proofs fit (research §2.3).

Risk is the action and where its result lands. A slip or a password that is handed over lands with whoever stands there:
such a check takes only proofs that bring that person before the office.
"""

from dataclasses import dataclass
from typing import Final

from helpdesk.enums import Category as C  # noqa: N817
from triage.enums import Level, Method, Purpose


@dataclass(frozen=True, slots=True)
class Terms:
    """`least` is asked for whatever the kind of request; `proofs` (None: any) are the kinds that count."""

    least: Level
    actions: frozenset[str]
    proofs: frozenset[Method] | None = None
    to_email: bool = False  # the result goes to the e-mail on file, so that address must be old enough


TERMS: Final[dict[Purpose, Terms]] = {
    Purpose.RESET: Terms(Level.R2, frozenset({"send_reset_link", "resend_invitation"}), to_email=True),
    Purpose.PIN: Terms(Level.R2, frozenset({"issue_pin"}), frozenset({Method.E1, Method.E2})),
    Purpose.CREDENTIALS: Terms(
        Level.R2, frozenset({"set_credentials"}), frozenset({Method.E1, Method.E2, Method.E3, Method.E7})
    ),
    Purpose.CONTACT: Terms(Level.R3, frozenset({"change_email"})),
    Purpose.SECOND_STEP: Terms(Level.R3, frozenset({"reset_second_step"})),
    Purpose.PROXY: Terms(Level.R4, frozenset({"grant_proxy"})),
    Purpose.IDENTITY: Terms(Level.R1, frozenset()),
}
PURPOSE_OF: Final[dict[str, Purpose]] = {
    action: purpose for purpose, terms in TERMS.items() for action in terms.actions
}
# An invitation to somebody who never signed in changes no account: it may also go out on a weaker check.
LEAST_LEVEL: Final[dict[str, Level]] = {
    **{action: TERMS[purpose].least for action, purpose in PURPOSE_OF.items()},
    "resend_invitation": Level.R1,
}

EVERYWHERE: Final = (Purpose.IDENTITY, Purpose.RESET, Purpose.PIN, Purpose.CREDENTIALS)


@dataclass(frozen=True, slots=True)
class Template:
    """The checklist of one kind of request: what a check may be for (the likeliest first), and what to mind."""

    purposes: tuple[Purpose, ...]
    minds: tuple[str, ...]


_SIGN_IN: Final = Template(
    (Purpose.RESET, Purpose.PIN, Purpose.CREDENTIALS, Purpose.IDENTITY),
    (
        "The link goes to the e-mail on file. Do not take another address on this call.",
        "Stay until they say that the link arrived and works.",
    ),
)
_PIN: Final = Template(
    (Purpose.PIN, Purpose.RESET, Purpose.CREDENTIALS, Purpose.IDENTITY),
    ("Hand the slip to the person you checked. Say: we never ask for this PIN back.",),
)
_CONTACT: Final = Template(
    (Purpose.CONTACT, Purpose.IDENTITY),
    (
        "Not on the call on which a reset was asked for, unless you see photo ID.",
        "The new contact is confirmed by its owner; the old one is told and can say no.",
    ),
)
_SECOND_STEP: Final = Template(
    (Purpose.SECOND_STEP, Purpose.IDENTITY, Purpose.RESET),
    ("Photo ID and one more, or a call-back with a code or their portal session. All sessions end.",),
)
_MINOR: Final = Template(
    (Purpose.PROXY, Purpose.IDENTITY),
    (
        "Check the adult who asks. See the paper that gives them authority, and look for a custody or safety flag.",
        "Ask a teenager too. Access shrinks and ends by itself with the patient's age.",
    ),
)
_ADULT: Final = Template(
    (Purpose.PROXY, Purpose.IDENTITY),
    (
        "The patient agrees, in the office or in their portal session, or a document says so.",
        "Choose what it covers and when it ends.",
    ),
)
_AGE_OUT: Final = Template(
    (Purpose.PIN, Purpose.PROXY, Purpose.IDENTITY, Purpose.RESET),
    ("End the parent's access first. Then a PIN for the young adult, who shows photo ID.",),
)
_REPORT: Final = Template(
    (Purpose.IDENTITY, Purpose.RESET, Purpose.SECOND_STEP),
    ("Take the report from anyone and end the sessions at once. Check who it is before you let them in again.",),
)
_OTHER: Final = Template(EVERYWHERE, ())

TEMPLATES: Final[dict[C, Template]] = {
    C.LOGIN_PWD: _SIGN_IN,
    C.LOGIN_UID: _SIGN_IN,
    C.LOCKED: _SIGN_IN,
    C.MFA_CODE: Template((Purpose.IDENTITY, Purpose.SECOND_STEP, Purpose.RESET), _SECOND_STEP.minds),
    C.MFA_NEWPHONE: _SECOND_STEP,
    C.REG_PIN: _PIN,
    C.NOT_SETUP: Template((*_SIGN_IN.purposes, Purpose.CONTACT), _SIGN_IN.minds),
    C.SHARED_EMAIL: _CONTACT,
    C.CONTACT_CHANGE: _CONTACT,
    C.PROXY_MINOR: _MINOR,
    C.PROXY_ADULT: _ADULT,
    C.AGE_OUT: _AGE_OUT,
    C.SEC_REPORT: _REPORT,
    C.RECORD_WRONG: Template(EVERYWHERE, ("To speak about health, hang up and call the number on file. Say little.",)),
}

CATEGORY_FOR: Final[dict[Purpose, C]] = {  # the kind of request a check begun from elsewhere is written on
    Purpose.RESET: C.LOGIN_PWD,
    Purpose.PIN: C.REG_PIN,
    Purpose.CREDENTIALS: C.LOGIN_PWD,
    Purpose.CONTACT: C.CONTACT_CHANGE,
    Purpose.SECOND_STEP: C.MFA_NEWPHONE,
    Purpose.PROXY: C.PROXY_ADULT,
    Purpose.IDENTITY: C.OTHER,
}


def template(category: str) -> Template:
    """The checklist of a kind of request. Raises ValueError for a word that is none."""
    return TEMPLATES.get(C(category), _OTHER)
