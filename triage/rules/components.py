"""Which part of the system a kind of request is about, as slugs of the status page's components, likeliest first."""

from typing import Final

from helpdesk.enums import Category as C  # noqa: N817

SIGN_IN: Final = ("portal-sign-in", "patient-portal", "portal", "sign-in")
MAIL: Final = ("secure-message-e-mail", "secure-message-email", "secure-messages", "messages", "e-mail")
PORTAL: Final = ("patient-portal", "portal", "portal-website", "website")
VIDEO: Final = ("telehealth-room", "telehealth", "video-visits")
DOCUMENTS: Final = ("documents", "secure-messages", "patient-portal", "portal")

COMPONENTS: Final[dict[C, tuple[str, ...]]] = {
    C.LOGIN_PWD: SIGN_IN,
    C.LOGIN_UID: SIGN_IN,
    C.LOCKED: SIGN_IN,
    C.REG_PIN: SIGN_IN,
    C.NOT_SETUP: SIGN_IN,
    C.CONTACT_CHANGE: SIGN_IN,
    C.MSG_NOT_RECEIVED: MAIL,
    C.ATTACH_OPEN: DOCUMENTS,
    C.ATTACH_MISSING: DOCUMENTS,
    C.ERROR_MSG: PORTAL,
    C.SITE_DOWN: PORTAL,
    C.BROWSER: PORTAL,
    C.SLOW: PORTAL,
    C.TH_JOIN: VIDEO,
    C.TH_AV: VIDEO,
    C.NAV_HELP: PORTAL,
    C.STAFF_ACCESS: SIGN_IN,
    C.STAFF_HOWTO: PORTAL,
    C.OTHER: (),
}
NAMES: Final[dict[C, str]] = {  # how an incident about it would be called; the public reads this
    C.LOGIN_PWD: "Trouble signing in to the patient portal",
    C.LOGIN_UID: "Trouble signing in to the patient portal",
    C.LOCKED: "Trouble signing in to the patient portal",
    C.REG_PIN: "Registration PINs are not accepted",
    C.NOT_SETUP: "New portal accounts cannot be set up",
    C.MSG_NOT_RECEIVED: "Secure message e-mail is delayed",
    C.ATTACH_OPEN: "Attachments cannot be opened",
    C.ATTACH_MISSING: "Attachments are missing",
    C.ERROR_MSG: "Errors in the patient portal",
    C.SITE_DOWN: "The patient portal cannot be reached",
    C.BROWSER: "The patient portal does not work in some browsers",
    C.SLOW: "The patient portal is slow",
    C.TH_JOIN: "Video visits cannot be joined",
    C.TH_AV: "Sound or video problems in video visits",
}
EXPLAINED_BY: Final[dict[C, tuple[str, ...]]] = {category: slugs[:2] for category, slugs in COMPONENTS.items()}
