"""Figures about flags: how often the office needed IT, what came back and why (HD-07, TR-06)."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Avg, Count, F, Q, Sum

from helpdesk.reports import Span, percent
from triage.enums import EscalationState, RefusalCode
from triage.models import Escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class Relays:
    """Flags sent for the tickets of one office (`office`: its key; None: for all of them). `tickets`: of how many.
    `refusals`: code → how often a flag came back by it, the commonest first. `pingpong`: how often an office said that
    an answer did not help."""

    office: int | None
    sent: int
    tickets: int
    returned: int
    pingpong: int
    to_incidents: int
    mean_answer: dt.timedelta | None
    refusals: tuple[tuple[RefusalCode, int], ...] = ()

    @property
    def returned_rate(self) -> int | None:
        """Percent."""
        return percent(self.returned, self.sent)


def relays(span: Span) -> dict[int | None, Relays]:
    """By office's key, None for all together; three queries. A flag belongs to the day it was sent."""
    rows = Escalation.objects.filter(
        practice_id=span.practice_id, created_at__gte=span.since, created_at__lt=span.until
    )
    if span.offices is not None:
        rows = rows.filter(office_id__in=span.offices)
    refusals: dict[int | None, dict[str, int]] = {None: {}}
    for office, code, count in (
        rows.exclude(refusal="").values_list("office_id", "refusal").annotate(count=Count("id")).order_by()
    ):
        refusals.setdefault(office, {})[code] = count
        refusals[None][code] = refusals[None].get(code, 0) + count
    groups = rows.values("office_id").annotate(**_FIGURES).order_by("office_id")
    found: dict[int | None, Relays] = {row["office_id"]: _relays(row["office_id"], row, refusals) for row in groups}
    return {**found, None: _relays(None, rows.aggregate(**_FIGURES), refusals)}


def _relays(office: int | None, row: Mapping[str, Any], refusals: dict[int | None, dict[str, int]]) -> Relays:
    codes = sorted(refusals.get(office, {}).items(), key=lambda pair: (-pair[1], pair[0]))
    figures = {name: row[name] for name in _FIGURES} | {"pingpong": row["pingpong"] or 0}
    return Relays(
        office=office,
        refusals=tuple((RefusalCode(code), count) for code, count in codes),
        **figures,
    )


_FIGURES = {
    "sent": Count("id"),
    "tickets": Count("ticket_id", distinct=True),
    "returned": Count("id", filter=Q(state=EscalationState.RETURNED)),
    "pingpong": Sum("bounces"),
    "to_incidents": Count("id", filter=~Q(incident_id="")),
    "mean_answer": Avg(F("answered_at") - F("created_at"), filter=Q(answered_at__isnull=False)),
}
