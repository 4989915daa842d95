"""What the desks are asked and how they do (HD-12…15): figures, charts, and a table to download."""

import csv
import datetime as dt
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from helpdesk import reports as tickets
from helpdesk.enums import Category, Channel
from helpdesk.reports import CALL_LENGTHS, Span
from portal_core.directory.actions import practices
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import offices as offices_of
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError
from triage import reports
from triage.rules import periods

if TYPE_CHECKING:
    from portal_core.directory.models import Office

readers = staff_page(Permission.OFFICE_DESK, Permission.IT_DESK, Permission.SETTINGS)
CSV_COLUMNS = (
    "Office", "Reason", "Opened", "Solved", "Solved at first contact", "Opened again", "Answered in time",
    "With an answer", "Solved in time", "With a deadline", "Calls",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the reader asked for, cut down to what they may see."""

    period: str
    office: "Office | None"
    offices: "list[Office]"
    live_since: dt.date | None
    span: Span
    zone: str


@require_safe
@readers
def report(request: StaffRequest) -> HttpResponse:
    """Eight queries beside the page's own, whatever the numbers."""
    choice = _choice(request)
    names = {office.pk: office.name for office in choice.offices}
    flags = reports.relays(choice.span)
    calls = tickets.calls(choice.span)
    yes, no = tickets.ratings(choice.span)
    found = tickets.breakdown(choice.span)
    volume = tickets.volume(choice.span, zone=choice.zone)
    return render(
        request,
        "triage/reports.html",
        {
            "choice": choice,
            "periods": list(periods.PERIODS.items()),
            "total": found.total,
            "flags": flags[None],
            "refusals": [(code.label, count) for code, count in flags[None].refusals],
            "volume": [(formats.date_format(day, "j M Y"), count) for day, count in volume],
            "reasons": [(Category(str(row.key)), row) for row in found.by_category],
            "channels": [(Channel(str(row.key)).label, row.opened) for row in found.by_channel],
            "offices": [(names[row.key], row, flags.get(row.key)) for row in found.by_office if row.key in names],
            "calls": calls,
            "lengths": list(zip(_lengths(), calls.lengths, strict=True)),
            "rated": yes + no,
            "happy": tickets.percent(yes, yes + no),
            "may_set": request.staff.may(Permission.SETTINGS),
        },
    )


@require_safe
@readers
def export(request: StaffRequest) -> HttpResponse:
    """One line per office and reason, for other programs."""
    choice = _choice(request)
    names = {office.pk: office.name for office in choice.offices}
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="support-figures.csv"'
    lines = csv.writer(answer)
    lines.writerow(CSV_COLUMNS)
    for office, category, row in tickets.breakdown(choice.span).by_office_and_category:
        lines.writerow(
            [
                names[office], category.label, row.opened, row.solved, row.at_first_contact, row.reopened,
                row.answered_in_time, row.answered, row.solved_in_time, row.due, row.calls,
            ]
        )  # fmt: skip
    return answer


@require_POST
@staff_page(Permission.SETTINGS)
def set_live(request: StaffRequest) -> HttpResponse:
    """HD-14: the day the portal was opened to patients."""
    try:
        day = dt.date.fromisoformat(request.POST["day"]) if request.POST.get("day") else None
    except ValueError:
        messages.error(request, _("That is not a day. Write it like 2026-03-01."))
        return redirect("triage:reports")
    try:
        practices.set_went_live(practice=request.staff.practice, day=day, by=request.actor)
    except AppError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return redirect("triage:reports")


def _choice(request: StaffRequest) -> Choice:
    staff, practice = request.staff, request.staff.practice
    mine = None
    if not staff.may(Permission.IT_DESK) and not staff.may(Permission.SETTINGS):
        mine = staff.offices_for(Permission.OFFICE_DESK)
    offices = [office for office in offices_of(practice.pk) if mine is None or office.pk in mine]
    office = next((one for one in offices if one.public_id == request.GET.get("office", "")), None)
    keys = frozenset({office.pk}) if office is not None else frozenset(mine) if mine is not None else None
    live_since = practice.went_live_on
    period = _period(request)
    if period == periods.LIVE and live_since is None:
        first = tickets.first_day(practice.pk)
        live_since = first.date() if first is not None else None
    since, until = periods.bounds(period, now=clock.now(), zone=practice.time_zone, live_since=live_since)
    span = Span(practice_id=practice.pk, offices=keys, since=since, until=until)
    return Choice(
        period=period, office=office, offices=offices, live_since=practice.went_live_on, span=span,
        zone=practice.time_zone,
    )  # fmt: skip


def _period(request: HttpRequest) -> str:
    asked = request.GET.get("period", "")
    return asked if asked in periods.PERIODS else periods.MONTH


def _lengths() -> list[str]:
    minutes = [seconds // 60 for seconds in CALL_LENGTHS]
    between = [
        _("%(low)d to %(high)d minutes") % {"low": low, "high": high} for low, high in itertools.pairwise(minutes)
    ]
    shortest = ngettext("under %(n)d minute", "under %(n)d minutes", minutes[0]) % {"n": minutes[0]}
    return [shortest, *between, _("over %(n)d minutes") % {"n": minutes[-1]}]
