"""Other ways to get the thing done while a component is affected (SP-05, TH-31 to TH-34, OP-02)."""

import datetime as dt
from collections.abc import Mapping, Sequence

from django.db import transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from statuspage.actions import pages
from statuspage.enums import EntryPointHealth, EntryPointKind
from statuspage.errors import ComponentUnknown, EntryPointGone, EntryPointUnusable
from statuspage.models import Component, EntryPoint, Page
from statuspage.rules.probing import is_address, judge, usable_target

MOST = 8  # per component: in a bad hour nobody reads more


@transaction.atomic
def save(
    *,
    component_id: str,
    kind: str,
    title: str,
    target: str = "",
    text: str = "",
    check_url: str = "",
    entry_point_id: str = "",
    by: Actor,
) -> str:
    """Add a way, or change one, and publish it; return its id. `target` is a path of ours, an https address or a
    number, as the kind says; `check_url` is asked by the prober. A changed address is not known to work.

    Raises ComponentUnknown, EntryPointGone, EntryPointUnusable.
    """
    now = clock.now()
    title, text, target, check_url = (" ".join(part.split()) for part in (title, text, target, check_url))
    if (
        kind not in EntryPointKind.values
        or not title
        or len(title) > 120
        or max(map(len, (target, text, check_url))) > 500
    ):
        raise EntryPointUnusable
    if not usable_target(kind, target) or (check_url and not is_address(check_url)):
        raise EntryPointUnusable
    page = pages.locked_page()
    component = _component(page, component_id)
    row = _own(component, entry_point_id) if entry_point_id else EntryPoint(component=component)
    if not entry_point_id:
        ways = list(component.entry_points.order_by("position", "pk"))
        if len(ways) >= MOST:
            raise EntryPointUnusable
        row.position = ways[-1].position + 1 if ways else 1
    if (row.target, row.check_url) != (target, check_url):
        row.health, row.failures, row.checked_at = EntryPointHealth.UNKNOWN, 0, None
    row.kind, row.title, row.target, row.text, row.check_url = kind, title, target, text, check_url
    row.save()
    verb = "entry_point:change" if entry_point_id else "entry_point:add"
    audit.record(verb, by=by, target=row, at=now, component=component_id, kind=kind)
    pages.publish_state(page, cause=f"entry-point:{row.public_id}", at=now)
    return str(row.public_id)


@transaction.atomic
def remove(*, entry_point_id: str, by: Actor) -> None:
    """Take a way off the page. Raises EntryPointGone, also for whoever presses second."""
    now = clock.now()
    page = pages.locked_page()
    row = EntryPoint.objects.filter(component__page=page, public_id=entry_point_id).first()
    if row is None:
        raise EntryPointGone
    audit.record("entry_point:remove", by=by, target=row, at=now, component=row.component.public_id)
    row.delete()
    pages.publish_state(page, cause=f"entry-point:{entry_point_id}", at=now)


@transaction.atomic
def reorder(*, component_id: str, entry_point_ids: Sequence[str], by: Actor) -> None:
    """Put the ways of a component in this order. Raises ComponentUnknown; EntryPointGone unless all of them are named,
    each once: somebody added or removed one meanwhile."""
    now = clock.now()
    page = pages.locked_page()
    component = _component(page, component_id)
    rows = {row.public_id: row for row in component.entry_points.all()}
    if sorted(entry_point_ids) != sorted(rows):
        raise EntryPointGone
    for position, public_id in enumerate(entry_point_ids, start=1):
        rows[public_id].position = position
    EntryPoint.objects.bulk_update(rows.values(), ["position"])
    audit.record("entry_point:reorder", by=by, target=component, at=now)
    pages.publish_state(page, cause=f"entry-points:{component_id}", at=now)


@transaction.atomic
def note_answers(answers: Mapping[int, tuple[str, bool]], *, at: dt.datetime) -> int:
    """Keep what the prober was told, by row: (address it asked, whether it works). Publishes, once, only if a health
    changed; return how many did. A way whose address was changed meanwhile is left alone."""
    page = pages.locked_page()
    changed = []
    for row in EntryPoint.objects.select_for_update().filter(component__page=page, pk__in=list(answers)):
        asked, ok = answers[row.pk]
        if row.check_url != asked:
            continue
        before = row.health
        row.health, row.failures = judge(row.health, row.failures, ok=ok)
        row.checked_at = at
        row.save(update_fields=["health", "failures", "checked_at"])
        if row.health != before:
            changed.append(row.public_id)
    if changed:
        pages.publish_state(page, cause=f"entry-point:{changed[0]}", at=at)
    return len(changed)


def _component(page: Page, component_id: str) -> Component:
    component = Component.objects.filter(page=page, public_id=component_id).first()
    if component is None:
        raise ComponentUnknown
    return component


def _own(component: Component, entry_point_id: str) -> EntryPoint:
    row = EntryPoint.objects.select_for_update().filter(component=component, public_id=entry_point_id).first()
    if row is None:
        raise EntryPointGone
    return row
