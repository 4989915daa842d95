"""The list as CSV, for whoever answers for it: streamed, written to the ledger, harmless in a spreadsheet."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping

from django.db import models, transaction

from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor
from statuspage.models import ComponentGroup, Subscriber
from statuspage.rules.addresses import Unreadable

# Everything somebody chose: an import of these columns makes the same subscription again.
COLUMNS = (
    "way", "address", "state", "components", "groups", "incident", "kinds", "minimum_impact", "quiet_from",
    "quiet_until", "quiet_bypass", "language", "time_zone", "consent", "created_at", "confirmed_at",
)  # fmt: skip
KINDS = ("incidents", "maintenances", "component_changes")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 1_000


def export_rows(*, way: str = "", state: str = "", by: Actor) -> Iterator[str]:
    """Lines of CSV, the columns first. The reading is in the ledger before the first line leaves."""
    rows = Subscriber.objects.order_by("pk")
    rows = rows.filter(way=way) if way else rows
    rows = rows.in_state(state) if state else rows
    with transaction.atomic():
        audit.record("subscriber:export", by=by, way=way, state=state, rows=rows.count())
    return _lines(rows.select_related("incident").prefetch_related("components", "groups"))


class _Echo:
    """A file that hands every line back."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: models.QuerySet[Subscriber]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    names = _group_names()
    for row in rows.iterator(chunk_size=CHUNK):
        try:
            address = row.address
        except Unreadable:
            address = ""
        values = {
            "way": row.way, "address": address, "state": row.state, "language": row.language,
            "components": ";".join(member.slug for member in row.components.all()),
            "groups": ";".join(names[group.pk] for group in row.groups.all()),
            "incident": row.incident.public_id if row.incident is not None else "",
            "kinds": ";".join(kind for kind in KINDS if getattr(row, f"wants_{kind}")),
            "minimum_impact": row.minimum_impact, "time_zone": row.time_zone, "consent": row.consent,
            "quiet_from": row.quiet_from.isoformat("minutes") if row.quiet_from else "",
            "quiet_until": row.quiet_until.isoformat("minutes") if row.quiet_until else "",
            "quiet_bypass": "yes" if row.quiet_bypass else "no",
            "created_at": row.created_at.isoformat(),
            "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else "",
        }  # fmt: skip
        yield writer.writerow([harmless(str(values[name])) for name in COLUMNS])


def _group_names() -> Mapping[int, str]:
    """row → what a file calls it: its name, or its id where the name would not lead back to it."""
    rows = list(ComponentGroup.objects.values_list("pk", "public_id", "name"))
    times = Counter(name.strip() for _pk, _public_id, name in rows)
    return {
        pk: public_id if ";" in name or times[name.strip()] > 1 or name.startswith(_FORMULA) else name.strip()
        for pk, public_id, name in rows
    }


def harmless(text: str) -> str:
    """What a spreadsheet would take for a formula becomes text."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def as_it_was(text: str) -> str:
    """What `harmless` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
