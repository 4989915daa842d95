"""Publishing for the eye only: the real deed runs, what it would show is drawn, and everything is rolled back.

A preview that is drawn by code of its own drifts from what is published; this one cannot.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import Count
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from portal_core.kernel import clock
from portal_core.notify import rendering
from portal_core.notify.enums import Channel
from statuspage import queries
from statuspage.actions import announcing, fan_out
from statuspage.contracts import IncidentSummary
from statuspage.enums import Audience, ComponentStatus, Way
from statuspage.models import FanOut, IncidentUpdate
from statuspage.rules.derive import TONES, derive
from statuspage.rules.differences import Piece, pieces


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: str
    now: str
    tone: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as it would arrive; `subject` is empty for texts."""

    title: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class InternalText:
    title: str
    pieces: list[Piece]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What publishing would show and whom it would tell. `page` is HTML of the public page's own template."""

    name: str
    page: SafeString
    changes: tuple[Change, ...]
    reach: str
    letters: tuple[Letter, ...]
    internal: tuple[InternalText, ...]


def rehearse(deed: Callable[[], IncidentSummary], *, offices: dict[str, str] | None = None) -> Shown:
    """Run `deed` (an action that publishes), look at the result, undo all of it. Nobody is told and no row stays.

    `offices`: public id → name, for the headings of internal texts. Raises what the deed raises.
    """
    with transaction.atomic():
        try:
            return _look(deed(), offices or {})
        finally:
            transaction.set_rollback(True)


def _look(summary: IncidentSummary, offices: dict[str, str]) -> Shown:
    update = IncidentUpdate.objects.select_related("incident__page").get(public_id=summary.update_id)
    told = fan_out.is_told(update)
    return Shown(
        name=summary.name,
        page=_page(summary),
        changes=tuple(_changes(update)),
        reach=in_words(reach(update) if told else {}),
        letters=letters(update) if told else (),
        internal=tuple(_internal(update, offices)),
    )


def _page(summary: IncidentSummary) -> SafeString:
    now = clock.now()
    facts = queries.facts(now=now)
    assert facts is not None
    view = derive(facts, now=now, snapshot=0)
    row = next(row for row in (*view.incidents, *view.maintenances) if row.facts.id == summary.id)
    with timezone.override(facts.page.time_zone):
        context = {"incident": row, "updates": row.updates[:3], "view": view, "page": facts.page, "base": "/status/"}
        html = render_to_string("statuspage/parts/incident.html", context)
    return mark_safe(html.replace(' id="', ' id="preview-'))  # noqa: S308 - our own template; ids stay unique


def reach(update: IncidentUpdate) -> dict[str, int]:
    """How many subscribers hear of it, by way, in the order of `Way`."""
    people = queries.audience(update).order_by()
    found = dict(people.values_list("way").annotate(number=Count("pk", distinct=True)).values_list("way", "number"))
    return {way: found[way] for way in Way.values if found.get(way)}


def letters(update: IncidentUpdate) -> tuple[Letter, ...]:
    """The e-mail and the text message, in the page's own language and zone."""
    never_kept = FanOut(update=update, incident=update.incident, kind=update.kind)
    writer = announcing.Writer(never_kept)
    said = writer.announce(update.kind, settings.LANGUAGE_CODE, update.incident.page.time_zone)
    words = rendering.render(
        announcing.template_of(never_kept, update.kind),
        writer.context(said),
        language=settings.LANGUAGE_CODE,
        channels=(Channel.EMAIL, Channel.SMS),
        unsubscribable=False,
    )
    return Letter("As an e-mail", words.subject, words.text), Letter("As a text message", "", words.sms)


def _changes(update: IncidentUpdate) -> Iterator[Change]:
    for row in update.affected_components:
        if row["old_status"] != row["new_status"]:
            yield Change(
                name=row["name"],
                before=str(ComponentStatus(row["old_status"]).label),
                now=str(ComponentStatus(row["new_status"]).label),
                tone=TONES[row["new_status"]],
            )


def _internal(update: IncidentUpdate, offices: dict[str, str]) -> Iterator[InternalText]:
    for text in update.texts.order_by("audience", "office_id"):
        title = str(Audience(text.audience).label)
        if text.office_id:
            title = offices.get(text.office_id, title)
        yield InternalText(title, pieces(update.body, text.body))


NOUNS = {
    "email": "by e-mail", "sms": "by text", "voice": "by phone", "webhook": "by webhook", "slack": "in Slack",
    "teams": "in Teams", "push": "by browser notification",
}  # fmt: skip


def in_words(reached: dict[str, int]) -> str:
    """`412 subscribers by e-mail, 30 by text.`"""
    parts = [f"{count:,} {NOUNS[way]}" for way, count in reached.items() if count]
    if not parts:
        return "No subscriber gets a message."
    count, rest = parts[0].split(" ", 1)
    noun = "subscriber" if count == "1" else "subscribers"
    return ", ".join([f"{count} {noun} {rest}", *parts[1:]]) + "."
