"""The sentences a person picks from on the contact form, by subject, in the order shown (HD-13: log-in help first)."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from helpdesk.enums import Category

SENTENCE_GROUPS: tuple[tuple[str | Promise, dict[Category, str | Promise]], ...] = (
    (
        _("Signing in"),
        {
            Category.LOGIN_PWD: _("I forgot my password"),
            Category.LOGIN_UID: _("I forgot my user name"),
            Category.LOCKED: _("I am locked out"),
            Category.MFA_CODE: _("My sign-in code does not come"),
            Category.MFA_NEWPHONE: _("I have a new phone and lost my sign-in codes"),
            Category.NOT_SETUP: _("I was told that my account could not be verified"),
            Category.REG_PIN: _("I need a registration PIN, or mine does not work"),
            Category.WRONG_PORTAL: _("I am not sure that I am on the right site"),
        },
    ),
    (
        _("Errors and devices"),
        {
            Category.ERROR_MSG: _("I see an error message"),
            Category.SITE_DOWN: _("I cannot reach the site at all"),
            Category.SLOW: _("It is very slow or stops half-way"),
            Category.BROWSER: _("My browser or device is not accepted"),
            Category.APP_MOBILE: _("Something is wrong on my phone or tablet"),
            Category.ACCESSIBILITY: _("My screen reader or another aid does not work with it"),
            Category.LANGUAGE: _("I need another language or an interpreter"),
        },
    ),
    (
        _("Messages and documents"),
        {
            Category.MSG_NOT_RECEIVED: _("I did not get an e-mail about a new message"),
            Category.ATTACH_OPEN: _("I cannot find or open an attachment"),
            Category.ATTACH_MISSING: _("An attachment is missing"),
            Category.NOTIFY_PREF: _("I get too many notices, or none"),
            Category.NAV_HELP: _("I cannot find something"),
        },
    ),
    (
        _("Video visits"),
        {
            Category.TH_JOIN: _("I cannot join my video visit"),
            Category.TH_AV: _("My camera, microphone or sound does not work"),
            Category.TH_WAIT: _("I am stuck in the waiting room"),
        },
    ),
    (
        _("My account and my record"),
        {
            Category.CONTACT_CHANGE: _("My e-mail address or phone number changed"),
            Category.SHARED_EMAIL: _("I share an e-mail address with somebody"),
            Category.DUP_ACCT: _("I have two accounts, or I see somebody else's information"),
            Category.PROXY_MINOR: _("I need access for my child"),
            Category.PROXY_ADULT: _("I care for somebody and need access"),
            Category.AGE_OUT: _("I turned 18, or my child did"),
            Category.RESULT_MISSING: _("A result or report is missing"),
            Category.RECORD_WRONG: _("Something in my record is wrong"),
            Category.PRIVACY_REQ: _("I have a privacy question or want a copy of my record"),
            Category.SEC_REPORT: _("Somebody may be in my account, or I got a strange message"),
        },
    ),
    (
        _("My care"),
        {
            Category.APPT: _("It is about an appointment"),
            Category.REFILL: _("I need a refill"),
            Category.FORM: _("I need a form or a letter"),
            Category.BILLING: _("It is about a bill or a payment"),
            Category.ECONSULT: _("I have a question for my clinician"),
        },
    ),
    (
        _("I work at a practice"),
        {
            Category.STAFF_ACCESS: _("I work at a practice and cannot sign in"),
            Category.STAFF_HOWTO: _("I work at a practice and have a question about the portal"),
            Category.PROVIDER_PORTAL: _("The provider portal is limited or down"),
        },
    ),
    (
        _("Anything else"),
        {Category.FEEDBACK: _("I have an idea or a complaint"), Category.OTHER: _("Something else")},
    ),
)
# Without message delivery and clinical urgency: staff or the engine choose those, never the public.
SENTENCES: dict[Category, str | Promise] = {
    code: text for _title, rows in SENTENCE_GROUPS for code, text in rows.items()
}
