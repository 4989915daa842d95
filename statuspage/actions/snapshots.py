"""Writing what was published. Runs right after commit, again from the outbox, and from the repair task."""

import datetime as dt
import logging

from django.conf import settings
from django.db import transaction
from django.utils import translation

from portal_core.kernel import clock
from statuspage import queries
from statuspage.actions import pages
from statuspage.models import Page, Snapshot
from statuspage.rules.derive import View, derive
from statuspage.snapshot import memory, render, store

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 60  # the page says when it was last confirmed; this is how fresh that is while all is well
KEEP_ROWS = 200


@transaction.atomic
def write_pending() -> bool:
    """Write the newest promised snapshot unless it stands already; return whether something was written.

    Holding the page's lock: nothing can be published while the state is read, and the last writer writes the last
    state, whatever the order in which they were woken.
    """
    page = Page.objects.select_for_update().filter(slug="main").first()
    if page is None:
        return False
    newest = page.snapshots.order_by("-pk").first()
    if newest is None or (newest.written_at is not None and store.current_name() is not None):
        return False
    _write(page, newest)
    return True


@transaction.atomic
def refresh() -> bool:
    """Write a missing snapshot, or a new one of the same state when the current one has become old: the page then
    says a younger time, counts today's uptime, and names today's style sheets after an upgrade. A new installation
    gets its page here."""
    page = pages.locked_page()
    now = clock.now()
    newest = page.snapshots.order_by("-pk").first()
    if newest is not None and newest.written_at is not None and store.current_name() is not None:
        if now - newest.written_at < dt.timedelta(seconds=REFRESH_SECONDS):
            return False
        newest = None
    _write(page, newest or Snapshot.objects.create(page=page, cause="refresh", created_at=now))
    return True


def _write(page: Page, snapshot: Snapshot) -> None:
    now = clock.now()
    view = view_at(now, snapshot.pk)
    if view is None:
        return
    store.write(render.files(view), snapshot=snapshot.pk, written_at=now, summary=summary(view))
    # Older promises are kept by this one: it holds their state too.
    page.snapshots.filter(written_at=None, pk__lte=snapshot.pk).update(written_at=now)
    kept = page.snapshots.order_by("-pk").values_list("pk", flat=True)[KEEP_ROWS : KEEP_ROWS + 1]
    page.snapshots.filter(pk__lte=next(iter(kept), 0)).delete()
    memory.invalidate()


def view_at(now: dt.datetime, snapshot: int) -> View | None:
    """What the public sees of the database at this moment; None while there is no page."""
    with translation.override(settings.LANGUAGE_CODE):
        facts = queries.facts(now=now)
        return derive(facts, now=now, snapshot=snapshot) if facts is not None else None


def summary(view: View) -> dict[str, object]:
    """What the banner on other pages needs, so that it never asks the database."""
    return {
        "indicator": view.indicator,
        "description": view.description,
        "incidents": [
            {
                "id": row.facts.id,
                "name": row.facts.name,
                "status": row.facts.status,
                "label": row.label,
                "impact": row.facts.impact,
                "tone": row.tone,
                "components": [component.name for component in row.components],
            }
            for row in view.active
        ],
    }
