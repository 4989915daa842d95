"""Writing what was published. Runs right after commit, again from the outbox, and from the repair task."""

import datetime as dt
import logging
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.utils import translation

from portal_core.kernel import clock, idempotency
from statuspage import queries
from statuspage.actions import pages
from statuspage.models import Page, Snapshot
from statuspage.rules import facts_json
from statuspage.rules.derive import View, derive
from statuspage.rules.facts import Facts
from statuspage.rules.journal import Entry, lay_over
from statuspage.snapshot import headers, journal, memory, render, store

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
    facts = queries.facts(now=now)
    if facts is None:
        return
    draw(facts, _unapplied(), now=now, snapshot=snapshot.pk)
    # Older promises are kept by this one: it holds their state too.
    page.snapshots.filter(written_at=None, pk__lte=snapshot.pk).update(written_at=now)
    kept = page.snapshots.order_by("-pk").values_list("pk", flat=True)[KEEP_ROWS : KEEP_ROWS + 1]
    page.snapshots.filter(pk__lte=next(iter(kept), 0)).delete()


def draw(facts: Facts, entries: Iterable[Entry], *, now: dt.datetime, snapshot: int) -> None:
    """Write the page of these facts with these entries of the journal over them, and make it the current one. Needs no
    database. The facts are kept as they came."""
    view = _derive(facts, entries, now, snapshot)
    store.write(
        render.files(view), snapshot=snapshot, written_at=now, summary=summary(view), facts=facts_json.dump(facts),
        headers=headers.security(),
    )  # fmt: skip
    memory.invalidate()


def view_at(now: dt.datetime, snapshot: int) -> View | None:
    """What the public sees of the database at this moment; None while there is no page."""
    facts = queries.facts(now=now)
    return _derive(facts, _unapplied(), now, snapshot) if facts is not None else None


def _derive(facts: Facts, entries: Iterable[Entry], now: dt.datetime, snapshot: int) -> View:
    with translation.override(settings.LANGUAGE_CODE):
        return derive(lay_over(facts, entries), now=now, snapshot=snapshot)


def _unapplied() -> list[Entry]:
    """What the journal holds and the rows do not: a snapshot drawn before it is worked in must not forget it."""
    return [entry for entry in journal.waiting() if idempotency.result(journal.SCOPE, entry.id) is None]


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
                "impact": row.facts.impact,
                "tone": row.tone,
                "components": [component.name for component in row.components],
            }
            for row in view.active
        ],
    }
