"""The ledger, for those who answer for it: who did and who read what."""

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portal_core.directory import queries
from portal_core.directory.enums import Permission
from portal_core.directory.forms import LedgerForm
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.rules.ledger import in_words
from portal_core.kernel import audit, clock
from portal_core.kernel.enums import ActorKind

if TYPE_CHECKING:
    from portal_core.kernel.models import AuditEvent

PAGE = 50
LATELY = dt.timedelta(days=7)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.AUDIT_READ)
@never_cache
def ledger(request: StaffRequest) -> HttpResponse:
    """The lines of this practice, newest first. What is looked for is sent and never stands in an address; that it was
    looked for stands in the ledger."""
    practice = request.staff.practice
    with timezone.override(zoneinfo.ZoneInfo(practice.time_zone)):
        today = timezone.localtime(clock.now()).date()
        usual = {"since": today - LATELY, "until": today}
        people = [(one.public_id, one.name) for one in queries.colleagues(practice.pk)]
        form = LedgerForm(request.POST if request.method == "POST" else usual, people=people)
        rows: list[AuditEvent] = []
        more = False
        if form.is_valid():
            found = _found(request, form.cleaned_data)
            rows, more = found[:PAGE], len(found) > PAGE
        # A new search begins at its newest line; only "Older lines" goes on from one.
        kept = [(name, form[name].value()) for name in ("since", "until", "who", "about", "record")]
        context = {
            "form": form, "rows": _shown(request, rows), "after": rows[-1].pk if more else None,
            "kept": [(name, value) for name, value in kept if value],
        }  # fmt: skip
        return render(request, "directory/ledger.html", context, status=200 if form.is_valid() else 422)


def _found(request: StaffRequest, wanted: dict[str, Any]) -> "list[AuditEvent]":
    practice_id = request.staff.practice_id
    number = wanted["record"].strip()
    targets = queries.ids_of_record(practice_id, number) if number else None
    found = audit.lines_of(
        practice_id, since=_midnight(wanted["since"]), until=_midnight(wanted["until"] + dt.timedelta(days=1)),
        by=wanted["who"], action=wanted["about"], targets=targets, before=wanted["before"],
    )[: PAGE + 1]  # fmt: skip
    rows = list(found)
    audit.record(
        "ledger:read", by=request.actor, target=request.staff.practice, since=str(wanted["since"]),
        until=str(wanted["until"]), who=wanted["who"], about=wanted["about"], record=(targets or [""])[0],
    )  # fmt: skip
    return rows


def _midnight(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))


def _shown(request: StaffRequest, rows: "list[AuditEvent]") -> list[dict[str, Any]]:
    """Patients by their record number, and by name only to whoever may read every record: who reads the ledger need
    not be such a person. Those who act for a patient likewise; who wrote in is named by no line."""
    named = request.staff.offices_for(Permission.PATIENT_READ) is None
    patients = [row.target_id for row in rows if row.target_type == "directory.patient"]
    numbers = queries.record_numbers(request.staff.practice_id, patients)
    return [
        {
            "line": row,
            "who": row.actor_label if named or row.actor_kind != ActorKind.PATIENT else _("a patient"),
            "who_id": "" if named or row.actor_kind != ActorKind.PATIENT else row.actor_id,
            "what": in_words(row.action),
            "kind": in_words(row.target_type.rpartition(".")[2]),
            "target": numbers.get(row.target_id, row.target_id),
            "facts": [
                (in_words(name), _plain(value)) for name, value in row.facts.items() if value not in ("", None, [])
            ],
        }
        for row in rows
    ]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_plain(one)}" for name, one in value.items())
    return ", ".join(_plain(one) for one in value) if isinstance(value, list) else str(value)
