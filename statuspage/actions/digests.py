"""One summary instead of many mails, for those who heard of enough within the hour."""

import datetime as dt

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from portal_core.notify.actions import bulk, summaries
from statuspage import queries
from statuspage.actions.parting import DIGEST, NOT_AFTER
from statuspage.enums import EVENT_LABELS
from statuspage.models import IncidentUpdate


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
                    "body": queries.words_of(update)[0],
                    "when": _moment(update.display_at),
                    "url": settings.PUBLIC_URL + reverse("statuspage:incident", args=[update.incident.public_id]),
                }
                for update in updates
            ],
        }
    return bulk.write("statuspage/digest", cause=cause, context=context, language=language, zone=zone)


def _moment(moment: dt.datetime) -> str:
    local = timezone.localtime(moment)
    return f"{date_format(local, 'M j, H:i')} {local:%Z}"
