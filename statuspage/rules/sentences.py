"""The product's own sentences among published words.

They are kept in English, the language of the API and the feeds; people read them in theirs. What an operator wrote
stays as it is. Whoever adds a sentence that the product publishes by itself, or offers to publish, names it here.
"""

import re

from django.utils.translation import gettext, gettext_noop, ngettext

SENTENCES = frozenset(
    (
        gettext_noop("The announced maintenance has begun."),
        gettext_noop("The maintenance is over. You can work as usual again."),
        gettext_noop("The work has begun."),
        gettext_noop("The work is done. Everything should work as usual."),
        gettext_noop("This work was moved to another time."),
        gettext_noop("This work will not take place."),
        gettext_noop("This work will not take place on this date."),
        gettext_noop("This work will not come back."),
        gettext_noop("This incident was resolved."),
        gettext_noop(
            "We are looking into this. Your care goes on: call your office if you need something today. "
            "We write again within 30 minutes."
        ),
        gettext_noop("This is fixed. If it still does not work for you, tell your office."),
    )
)
# `part` is the name of a component; what the checks found.
PATTERNS = (
    gettext_noop("%(part)s has not answered our checks for some minutes. We are looking into it."),
    gettext_noop("%(part)s has answered all our checks for %(minutes)s minutes."),
    gettext_noop("%(part)s answers again. We keep watching."),
    gettext_noop("%(part)s does not answer again."),
)
LONGEST = 400  # no sentence of ours is longer, with a name in it
_BEGINS = re.compile(r"This maintenance begins in (\d{1,4}) (minute|hour|day)s?\.(\n\n.*)?", re.DOTALL)


def _compiled(sentence: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(sentence)))


_PATTERNS = tuple((sentence, _compiled(sentence)) for sentence in PATTERNS)


def in_language(body: str) -> str:
    """Published words in the language that is active, where they are ours; else as they are."""
    if body in SENTENCES:
        return gettext(body)
    if reminder := _BEGINS.fullmatch(body):
        return _begins_in(int(reminder[1]), reminder[2]) + _rest(reminder[3] or "")
    if len(body) <= LONGEST:
        for sentence, pattern in _PATTERNS:
            if found := pattern.fullmatch(body):
                return gettext(sentence) % found.groupdict()
    return body


def _rest(words: str) -> str:
    return "\n\n" + in_language(words.removeprefix("\n\n")) if words else ""


def _begins_in(count: int, unit: str) -> str:
    if unit == "day":
        text = ngettext("This maintenance begins in %(n)d day.", "This maintenance begins in %(n)d days.", count)
    elif unit == "hour":
        text = ngettext("This maintenance begins in %(n)d hour.", "This maintenance begins in %(n)d hours.", count)
    else:
        text = ngettext("This maintenance begins in %(n)d minute.", "This maintenance begins in %(n)d minutes.", count)
    return text % {"n": count}
