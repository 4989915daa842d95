"""From a caller's templates to the words of a message.

A caller has `<app>/templates/notify/<app>/<name>` + `.subject.txt`, `.txt`, optionally `.html` (extends
`notify/base.html`; without it the text is set in the plain layout) and `.sms.txt` (for texts and calls). Text templates
are not HTML-escaped. Every template gets `public_url`, and `unsubscribe_url` where the recipients have one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template import Context, TemplateDoesNotExist
from django.template.loader import get_template
from django.utils import translation

from portal_core.notify.enums import Channel
from portal_core.notify.errors import BadSubject

# Stands in rendered words where each recipient's own link goes. It is a URL, so that `urlize` and the like treat it as
# one; `.invalid` never resolves (RFC 2606), and the host is longer than anything a person would write.
UNSUBSCRIBE_TOKEN = "http://your-own-unsubscribe-link.notify.invalid/"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Words:
    subject: str = ""
    text: str = ""
    html: str = ""
    sms: str = ""


def render(
    template: str, context: Mapping[str, Any], *, language: str, channels: tuple[Channel, ...], unsubscribable: bool
) -> Words:
    """Render what these channels need. Raises TemplateDoesNotExist, BadSubject."""
    values = {
        **context,
        "public_url": settings.PUBLIC_URL,
        "language": language,
        "unsubscribe_url": UNSUBSCRIBE_TOKEN if unsubscribable else "",
    }
    base = f"notify/{template}"
    subject = text = html = sms = ""
    with translation.override(language):
        if Channel.EMAIL in channels:
            subject = _plain(f"{base}.subject.txt", values)
            if not subject or len(subject) > 250 or not subject.isprintable():
                raise BadSubject
            text = _plain(f"{base}.txt", values) + "\n"
            values |= {"subject": subject, "text": text}
            try:
                html = get_template(f"{base}.html").render(values)
            except TemplateDoesNotExist as missing:
                if missing.args[0] != f"{base}.html":
                    raise
                html = get_template("notify/plain.html").render(values)
        if Channel.SMS in channels or Channel.VOICE in channels:
            sms = _plain(f"{base}.sms.txt", values)
    return Words(subject, text, html.strip(), sms)


def _plain(name: str, values: dict[str, Any]) -> str:
    # The backend's own render() would HTML-escape: "Pat's visit" would arrive as "Pat&#x27;s visit".
    return str(get_template(name).template.render(Context(values, autoescape=False))).strip()  # type: ignore[attr-defined]
