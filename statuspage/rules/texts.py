"""An update as a text message and as a voice say it: short, and nothing in it tells what kind of practice this is."""

import unicodedata

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from statuspage.contracts import Announcement
from statuspage.enums import PublicationKind

SMS_LENGTH = 160  # septets of one text; two would be billed, and may arrive out of order
VOICE_LENGTH = 400
# GSM 03.38: what a text may hold without every letter taking twice the room.
_GSM = frozenset(
    "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "})


def sms(said: Announcement) -> str:
    """At most 160 characters: what it is, the state, when there is news, where to read on."""
    with translation.override(said.language), timezone.override(said.time_zone):
        head, tail = _("Service notice:"), said.url
        # Translators: end of a text message, e.g. "Next update 14:30."
        soon = _("Next update %(time)s.") % {"time": _time(said)} if said.next_update is not None else ""
        name, label = gsm(said.name), gsm(_state(said))
    for extra in (gsm(soon), ""):
        fixed = " ".join(part for part in (gsm(head), f"{label}.", extra, tail) if part)
        room = SMS_LENGTH - len(fixed) - 2
        if room >= min(len(name), 24):
            break
    short = name if len(name) <= room else name[: max(room - 3, 0)].rstrip() + "..."
    words = " ".join(part for part in (gsm(head), f"{short}:" if short else "", f"{label}.", extra, tail) if part)
    return words if len(words) <= SMS_LENGTH else words[: SMS_LENGTH - len(tail) - 1].rstrip() + " " + tail


def voice(said: Announcement) -> str:
    """What is read out, also to a machine that records it: no address, whole sentences."""
    with translation.override(said.language), timezone.override(said.time_zone):
        parts = [_("This is a service notice."), f"{said.name}.", f"{_state(said)}."]
        if said.next_update is not None:
            parts.append(_("The next update comes by %(time)s.") % {"time": _time(said)})
        parts.append(_("You can read more on the status page. Goodbye."))
    return " ".join(parts)[:VOICE_LENGTH]


def gsm(words: str) -> str:
    """The same words in letters that a text can hold: accents that it does not know go, other scripts become `?`."""
    out = []
    for letter in " ".join(words.translate(_PLAIN).split()):
        if letter in _GSM:
            out.append(letter)
            continue
        base = unicodedata.normalize("NFKD", letter)[0]
        out.append(base if base in _GSM else "?")
    return "".join(out)


def _state(said: Announcement) -> str:
    if said.kind in (PublicationKind.REMINDER, PublicationKind.RESCHEDULED, PublicationKind.SCHEDULED) and said.starts:
        # Translators: of a planned maintenance, e.g. "Begins Nov 24, 22:00"
        return _("Begins %(when)s") % {"when": date_format(timezone.localtime(said.starts), "M j, H:i")}
    return said.label


def _time(said: Announcement) -> str:
    return date_format(timezone.localtime(said.next_update), "H:i")
