"""One summary instead of many mails, for those who heard of enough within the hour."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal_core.notify.actions import bulk, summaries
from statuspage import queries
from statuspage.actions.parting import DIGEST, NOT_AFTER
from statuspage.contracts import Announcement
from statuspage.enums import EVENT_LABELS, OVER, PublicationKind
from statuspage.models import IncidentUpdate
from statuspage.rules import push, slack, teams, texts
from statuspage.rules.rollup import worst_impact
from statuspage.rules.sentences import in_language


def send_due() -> int:
    """Turn what was held until now into summaries; return how many deliveries were promised or let go."""
    return summaries.gather(reason=DIGEST, write=_write, lifetime=NOT_AFTER)


def _write(cause: str, causes: tuple[str, ...], language: str, zone: str) -> int:
    """The words of a summary of these updates; the message's id."""
    ids = [one.partition(":")[2] for one in causes]
    rows = IncidentUpdate.objects.select_related("incident__page").prefetch_related("revisions")
    updates = list(rows.filter(public_id__in=ids).order_by("display_at", "pk"))
    with translation.override(language), timezone.override(zone or "UTC"):
        context = {
            "page_name": updates[0].incident.page.name if updates else "",
            "url": settings.PUBLIC_URL + reverse("statuspage:page"),
            "events": [
                {
                    "name": update.incident.name,
                    "label": EVENT_LABELS[update.status],
                    "body": in_language(queries.words_of(update)[0]),
                    "when": _moment(update.display_at),
                    "url": settings.PUBLIC_URL + reverse("statuspage:incident", args=[update.incident.public_id]),
                }
                for update in updates
            ],
        }
        payloads = _payloads(_announce(updates, cause=cause, language=language, zone=zone)) if updates else {}
    return bulk.write(
        "statuspage/digest", cause=cause, context=context, language=language, zone=zone, payloads=payloads
    )


def _announce(updates: Sequence[IncidentUpdate], *, cause: str, language: str, zone: str) -> Announcement:
    """The same as one piece of news, for ways that show one: a line for each update, the newest last."""
    newest, page = updates[-1], updates[-1].incident.page
    running = [row for row in updates if row.status not in OVER]
    return Announcement(
        incident_id=cause.rpartition(":")[2],  # a summary takes no other message's place
        page_name=page.name,
        page_url=page.url,
        name=_("%(number)s updates within an hour") % {"number": len(updates)},
        kind=PublicationKind.UPDATED,
        status=(running or updates)[-1].status,
        label=_("Summary"),
        body="\n".join(f"{row.incident.name}: {EVENT_LABELS[row.status]}" for row in updates),
        impact=worst_impact(row.incident.impact for row in updates),
        url=settings.PUBLIC_URL + reverse("statuspage:page"),
        when=newest.display_at,
        language=language,
        time_zone=zone or "UTC",
    )


def _payloads(said: Announcement) -> dict[str, dict[str, Any]]:
    return {
        "slack": slack.message(said),
        "teams": teams.message(said),
        "push": push.message(said),
        "voice": {"text": texts.voice(said)},
    }


def _moment(moment: dt.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{date_format(local, 'M j, H:i')} {local:%Z}"
