"""System checks of what must not be switched on, or left out, where real people are served."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from portal_core.kernel.http.addresses import is_this_machine

MAIL_SCHEMES = ("smtp+tls", "smtps", "smtp")


def why_demo_is_open(*, host: str = "127.0.0.1") -> str:
    """What would let others into the demo, whose passwords are printed and whose mailbox is open to everybody; empty
    when nothing does, or when DEMO_ANYWAY says that it is meant so."""
    if not settings.DEMO or settings.DEMO_ANYWAY:
        return ""
    site = urlsplit(settings.PUBLIC_URL).hostname or ""
    if not is_this_machine(site):
        return f"PUBLIC_URL names {site}"
    if not is_this_machine(host):
        return f"it would listen on {host}, for other machines too"
    if settings.EMAIL_URL and not is_this_machine(urlsplit(settings.EMAIL_URL).hostname or "localhost"):
        return "EMAIL_URL names a mail server, so real mail would leave"
    twilio = urlsplit(settings.TWILIO_API_URL).hostname or ""
    if settings.TWILIO_ACCOUNT_SID and not is_this_machine(twilio):
        return "TWILIO_ACCOUNT_SID is set, so real texts would leave"
    return ""


DEMO_HINT = (
    "For real use start with DEMO=0 and another DATA_DIR or database. DEMO_ANYWAY=1 shows the demo to whoever gets "
    "there: they can sign in as anybody and read every letter."
)


@register("demo")
def demo_is_for_this_machine(**kwargs: Any) -> list[CheckMessage]:
    if why := why_demo_is_open():
        return [Error(f"This is the demo, and {why}.", hint=DEMO_HINT, id="ops.E001")]
    return []


@register("mail")
def mail_server_is_readable(**kwargs: Any) -> list[CheckMessage]:
    scheme = settings.EMAIL_URL.partition("://")[0]
    if settings.EMAIL_URL and scheme not in MAIL_SCHEMES:
        hint = "EMAIL_URL begins with smtp+tls:// (STARTTLS), smtps:// (TLS) or smtp:// (neither)."
        return [Error("EMAIL_URL is no address of a mail server.", hint=hint, id="ops.E002")]
    return []


@register("mail", deploy=True)
def mail_leaves_and_is_sealed(**kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO or settings.DEBUG:
        return []
    if not settings.EMAIL_URL:
        hint = "Set EMAIL_URL. Until then every e-mail waits, and links to set a password end unused."
        return [Warning("There is no mail server.", hint=hint, id="ops.W001")]
    server = urlsplit(settings.EMAIL_URL)
    if server.scheme == "smtp" and not server.username and not is_this_machine(server.hostname or "localhost"):
        hint = "Use smtp+tls:// or smtps://: mails hold links that set passwords."
        return [Warning("Mail leaves this machine unencrypted.", hint=hint, id="ops.W002")]
    return []
