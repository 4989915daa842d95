"""Which part of the system a kind of request is about, as slugs of the status page's components."""

from typing import Final

from helpdesk.enums import Category as C  # noqa: N817

PORTAL: Final = ("patient-portal",)
MAIL: Final = ("secure-message-e-mail",)
VIDEO: Final = ("telehealth",)
STAFF_SIDE: Final = ("provider-portal",)
EHR: Final = ("ehr",)

COMPONENTS: Final[dict[C, tuple[str, ...]]] = {
    C.LOGIN_PWD: PORTAL,
    C.LOGIN_UID: PORTAL,
    C.LOCKED: PORTAL,
    C.REG_PIN: PORTAL,
    C.NOT_SETUP: PORTAL,
    C.CONTACT_CHANGE: PORTAL,
    C.MSG_NOT_RECEIVED: MAIL,
    C.ATTACH_OPEN: PORTAL,
    C.ATTACH_MISSING: PORTAL,
    C.ERROR_MSG: PORTAL,
    C.SITE_DOWN: PORTAL,
    C.BROWSER: PORTAL,
    C.SLOW: PORTAL,
    C.TH_JOIN: VIDEO,
    C.TH_AV: VIDEO,
    C.TH_WAIT: VIDEO,
    C.MFA_CODE: PORTAL,
    C.MFA_NEWPHONE: PORTAL,
    C.WRONG_PORTAL: PORTAL,
    C.SHARED_EMAIL: (),
    C.DUP_ACCT: PORTAL,
    C.PROXY_MINOR: PORTAL,
    C.PROXY_ADULT: PORTAL,
    C.AGE_OUT: PORTAL,
    C.MSG_DELIVERY: MAIL,
    C.NOTIFY_PREF: MAIL,
    C.APP_MOBILE: PORTAL,
    C.ACCESSIBILITY: PORTAL,
    C.LANGUAGE: (),
    C.RESULT_MISSING: EHR,
    C.RECORD_WRONG: (),
    C.ECONSULT: PORTAL,
    C.APPT: (),
    C.REFILL: (),
    C.FORM: (),
    C.BILLING: (),
    C.PRIVACY_REQ: (),
    C.SEC_REPORT: (),
    C.CLINICAL_URGENT: (),
    C.PROVIDER_PORTAL: STAFF_SIDE,
    C.FEEDBACK: (),
    C.NAV_HELP: PORTAL,
    C.STAFF_ACCESS: STAFF_SIDE,
    C.STAFF_HOWTO: STAFF_SIDE,
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
    C.TH_WAIT: "Patients are stuck in waiting rooms of video visits",
    C.MFA_CODE: "Sign-in codes are delayed",
    C.WRONG_PORTAL: "Old links lead to the wrong site",
    C.MSG_DELIVERY: "Secure message e-mail is delayed",
    C.NOTIFY_PREF: "Notices are not sent as chosen",
    C.APP_MOBILE: "The portal does not work on some phones",
    C.ACCESSIBILITY: "The portal does not work with screen readers",
    C.RESULT_MISSING: "Results are missing in the patient portal",
    C.PROVIDER_PORTAL: "The provider portal is limited",
}
