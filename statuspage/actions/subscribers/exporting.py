"""The list as CSV, for whoever answers for it: streamed, written to the ledger, harmless in a spreadsheet."""

import csv
from collections.abc import Iterator

from django.db import models, transaction

from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor
from statuspage.models import Subscriber
from statuspage.rules.addresses import Unreadable

COLUMNS = (
    "way", "address", "state", "components", "groups", "language", "time_zone", "minimum_impact", "consent",
    "created_at", "confirmed_at",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 1_000


def export_rows(*, way: str = "", state: str = "", by: Actor) -> Iterator[str]:
    """Lines of CSV, the columns first. The reading is in the ledger before the first line leaves."""
    rows = Subscriber.objects.order_by("pk")
    rows = rows.filter(way=way) if way else rows
    rows = rows.in_state(state) if state else rows
    with transaction.atomic():
        audit.record("subscriber:export", by=by, way=way, state=state, rows=rows.count())
    return _lines(rows.prefetch_related("components", "groups"))


class _Echo:
    """A file that hands every line back."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: models.QuerySet[Subscriber]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for row in rows.iterator(chunk_size=CHUNK):
        try:
            address = row.address
        except Unreadable:
            address = ""
        values = (
            row.way, address, row.state, ";".join(member.slug for member in row.components.all()),
            ";".join(group.name for group in row.groups.all()), row.language, row.time_zone, row.minimum_impact,
            row.consent, row.created_at.isoformat(), row.confirmed_at.isoformat() if row.confirmed_at else "",
        )  # fmt: skip
        yield writer.writerow([harmless(str(value)) for value in values])


def harmless(text: str) -> str:
    """What a spreadsheet would take for a formula becomes text."""
    return f"'{text}" if text.startswith(_FORMULA) else text
