"""What the desks are asked and how they do (HD-12…15): figures, charts, and a table to download."""

import csv
import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from helpdesk import reports as tickets
from helpdesk.enums import Category, Channel
from helpdesk.reports import CALL_LENGTHS, NO_CALLS, Span
from portal_core.directory.actions import practices
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError, NotFound
from triage import reports
from triage.enums import RefusalCode
from triage.rules import periods

if TYPE_CHECKING:
    from django.utils.functional import Promise

    from portal_core.directory.models import Office

readers = staff_page(Permission.OFFICE_DESK, Permission.IT_DESK, Permission.SETTINGS)
Line = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the reader asked for, cut down to what they may see. `names`: of every office that figures may be of, also
    of those that closed since, by their keys."""

    period: str
    office: "Office | None"
    offices: "list[Office]"
    names: dict[int, str]
    live_since: dt.date | None
    span: Span
    zone: str


@require_safe
@readers
def report(request: StaffRequest) -> HttpResponse:
    """Eight queries beside the page's own, whatever the numbers."""
    choice = _choice(request)
    flags = reports.relays(choice.span)
    spoken = tickets.calls(choice.span)
    calls = tickets.all_calls(spoken.values())
    rated = tickets.ratings(choice.span)
    yes, no = _votes(rated.values())
    found = tickets.breakdown(choice.span)
    volume = tickets.volume(choice.span, zone=choice.zone)
    reasons = [
        (
            Category(str(row.key)),
            row,
            tickets.all_calls(one for (_office, code), one in spoken.items() if code == row.key),
            _happy(pair for (_office, code), pair in rated.items() if code == row.key),
        )
        for row in found.by_category
    ]
    offices = [
        (
            choice.names[int(str(row.key))],
            row,
            flags.get(int(str(row.key))),
            _happy(pair for (office, _code), pair in rated.items() if office == row.key),
        )
        for row in found.by_office
    ]
    return render(
        request,
        "triage/reports.html",
        {
            "choice": choice,
            "periods": list(periods.PERIODS.items()),
            "tables": [(name, table.label) for name, table in TABLES.items()],
            "total": found.total,
            "flags": flags[None],
            "refusals": [(code.label, count) for code, count in flags[None].refusals],
            "volume": [(formats.date_format(day, "j M Y"), count) for day, count in volume],
            "reasons": reasons,
            "channels": [(Channel(str(row.key)).label, row.opened) for row in found.by_channel],
            "offices": offices,
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
    """One of the tables behind the page, for other programs: `?table=` names it, by office and reason unless told
    otherwise."""
    choice = _choice(request)
    name = request.GET.get("table", REASONS)
    table = TABLES.get(name)
    if table is None:
        raise NotFound
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="support-{name}.csv"'
    lines = csv.writer(answer)
    lines.writerow(table.columns)
    lines.writerows(table.lines(choice))
    return answer


def _by_reason(choice: Choice) -> Iterable[Line]:
    spoken, rated = tickets.calls(choice.span), tickets.ratings(choice.span)
    for office, category, row in tickets.breakdown(choice.span).by_office_and_category:
        calls, (yes, no) = spoken.get((office, category), NO_CALLS), rated.get((office, category), (0, 0))
        yield (
            choice.names[office], category.label, row.opened, row.solved, row.at_first_contact, row.reopened,
            row.relayed, row.answered_in_time, row.answer_due, row.solved_in_time, row.solution_due,
            "" if row.mean_minutes is None else row.mean_minutes, calls.count, calls.seconds, yes, no,
        )  # fmt: skip


def _by_channel(choice: Choice) -> Iterable[Line]:
    for office, category, channel, row in tickets.breakdown(choice.span).rows:
        yield choice.names[office], category.label, channel.label, row.opened, row.solved


def _by_day(choice: Choice) -> Iterable[Line]:
    return ((day.isoformat(), count) for day, count in tickets.volume(choice.span, zone=choice.zone))


def _by_length(choice: Choice) -> Iterable[Line]:
    for (office, category), row in sorted(tickets.calls(choice.span).items()):
        yield choice.names[office], category.label, row.count, row.seconds, row.longest_seconds, *row.lengths


def _by_flag(choice: Choice) -> Iterable[Line]:
    for office, row in reports.relays(choice.span).items():
        if office is None:
            continue
        back = dict(row.refusals)
        mean = round(row.mean_answer.total_seconds() / 60) if row.mean_answer is not None else ""
        yield (
            choice.names[office], row.sent, row.tickets, row.returned, row.pingpong, row.to_incidents, mean,
            *(back.get(code, 0) for code in RefusalCode),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Table:
    """One table to download. Its columns are in English, whatever the reader's language: programs read them."""

    label: "str | Promise"
    columns: tuple[str, ...]
    lines: Callable[[Choice], Iterable[Line]]


REASONS = "figures"
TABLES: dict[str, Table] = {
    REASONS: Table(
        gettext_lazy("By office and reason"),
        (
            "Office", "Reason", "Opened", "Solved", "Solved at first contact", "Opened again", "Flagged to IT",
            "Answered in time", "Answer was due", "Solved in time", "Solution was due", "Mean open minutes to solve",
            "Calls", "Seconds on the phone", "Said it is solved", "Said it is not",
        ),
        _by_reason,
    ),
    "channels": Table(
        gettext_lazy("How they reached us"), ("Office", "Reason", "Channel", "Opened", "Solved"), _by_channel
    ),
    "days": Table(gettext_lazy("Day by day"), ("From", "Opened"), _by_day),
    "calls": Table(
        gettext_lazy("Calls by length"),
        (
            "Office", "Reason", "Calls", "Seconds", "Longest",
            *(f"Under {seconds // 60} min" for seconds in CALL_LENGTHS), f"{CALL_LENGTHS[-1] // 60} min and more",
        ),
        _by_length,
    ),
    "flags": Table(
        gettext_lazy("Flags to IT"),
        (
            "Office", "Flags", "Tickets", "Came back", "Answers that did not help", "Joined an incident",
            "Mean minutes to the answer", *(f"Back: {code.value}" for code in RefusalCode),
        ),
        _by_flag,
    ),
}  # fmt: skip


def _votes(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    rows = list(pairs)
    return sum(yes for yes, _no in rows), sum(no for _yes, no in rows)


def _happy(pairs: Iterable[tuple[int, int]]) -> int | None:
    yes, no = _votes(pairs)
    return tickets.percent(yes, yes + no)


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
    # Also those that closed since: what they were asked is still among the figures.
    every = practice.offices.order_by("-is_active", "-is_main", "name", "pk")
    offices = [office for office in every if mine is None or office.pk in mine]
    office = next((one for one in offices if one.public_id == request.GET.get("office", "")), None)
    keys = frozenset({office.pk}) if office is not None else frozenset(mine) if mine is not None else None
    live_since = practice.went_live_on
    period = _period(request)
    if period == periods.LIVE and live_since is None:
        first = tickets.first_day(practice.pk)
        live_since = first.astimezone(ZoneInfo(practice.time_zone)).date() if first is not None else None
    since, until = periods.bounds(period, now=clock.now(), zone=practice.time_zone, live_since=live_since)
    span = Span(practice_id=practice.pk, offices=keys, since=since, until=until)
    return Choice(
        period=period, office=office, offices=offices, names={one.pk: _name(one) for one in offices},
        live_since=practice.went_live_on, span=span, zone=practice.time_zone,
    )  # fmt: skip


def _name(office: "Office") -> str:
    return office.name if office.is_active else _("%(name)s (closed)") % {"name": office.name}


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
