import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_time
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit, clock
from portal_core.kernel.errors import Conflict, Invalid, KeyUsed, NotFound
from portal_core.kernel.ids import new_public_id
from portal_core.scheduling import queries
from portal_core.scheduling.access import appointment_for
from portal_core.scheduling.actions import appointments
from portal_core.scheduling.enums import MOVES, TONES, AppointmentStatus, AppointmentType
from portal_core.scheduling.forms import BookForm, CancelForm, EditForm
from portal_core.scheduling.models import Appointment
from portal_core.scheduling.rules import day_plan

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

DAY_BEGINS, DAY_ENDS = dt.time(8), dt.time(18)  # free times are offered between these


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the day: an appointment, or (appointment None) a free stretch with the address that books it."""

    start: str
    end: str
    appointment: Appointment | None = None
    tone: str = "neutral"
    is_now: bool = False
    book_url: str = ""


@require_safe
@staff_page(Permission.SCHEDULE)
def day(request: StaffRequest) -> HttpResponse:
    """One day of one clinician, or of everybody whose book the reader keeps (PC-61)."""
    staff = request.staff
    scope = queries.scope(staff)
    date = parse_date_or_none(request.GET.get("date", "")) or queries.today(staff)
    clinician = _chosen(scope, request.GET.get("clinician", ""))
    rows = queries.day(staff, date, clinician=clinician)
    audit.record(
        "appointment:list", by=request.actor, target=clinician, practice_id=staff.practice_id, date=date.isoformat(),
        shown=len(rows),
    )  # fmt: skip
    page = "scheduling/day.html"
    if request.headers.get("HX-Target") == "day":
        page += "#day"
    return render(
        request,
        page,
        {
            "date": date,
            "is_today": date == queries.today(staff),
            "entries": _entries(rows, date, clinician, queries.zone_of(staff)),
            "count": len(rows),
            "clinician": clinician,
            "clinicians": scope.clinicians,
            "show_names": clinician is None,
            "keeps_books": scope.keeps_books,
            "before": _day_url(date - dt.timedelta(days=1), clinician),
            "after": _day_url(date + dt.timedelta(days=1), clinician),
            "today_url": _day_url(None, clinician),
            "new_url": _new_url(date, None, clinician),
            "here": request.get_full_path(),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SCHEDULE)
def new(request: StaffRequest) -> HttpResponse:
    """A new appointment (PC-61, PC-62). The clinician is chosen first: what may be booked depends on them."""
    scope = queries.scope(request.staff)
    clinician = _chosen(scope, request.POST.get("clinician") or request.GET.get("clinician", ""))
    if clinician is None:
        return render(request, "scheduling/new_for.html", {"clinicians": scope.clinicians})
    if request.method != "POST":
        date = parse_date_or_none(request.GET.get("date", "")) or queries.today(request.staff)
        time = parse_time_or_none(request.GET.get("time", "")) or _next_hour(date, queries.zone_of(request.staff))
        form = BookForm(staff=request.staff, clinician=clinician, initial={"date": date, "time": time, "minutes": 50})
        return _new_page(request, form, clinician, new_public_id())
    form = BookForm(request.POST, staff=request.staff, clinician=clinician)
    key = request.POST.get("idempotency_key", "") or new_public_id()
    if form.is_valid():
        values = form.cleaned_data
        try:
            made = appointments.book(
                clinician=clinician,
                office=form.offices[values["office"]],
                patient=form.chosen,
                type=AppointmentType(values["type"]),
                start=values["start"],
                end=values["end"],
                telehealth=values.get("telehealth", False),
                key=key,
                by=request.actor,
            )
        except (Conflict, Invalid) as refusal:
            used = isinstance(refusal, KeyUsed)
            form.add_error("time" if isinstance(refusal, Conflict) and not used else None, str(refusal))
            key = new_public_id() if used else key
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(_day_url(made.local_start.date(), clinician))
    return _new_page(request, form, clinician, key)


@require_safe
@staff_page(Permission.SCHEDULE)
def appointment(request: StaffRequest, appointment_id: str) -> HttpResponse:
    """The appointment dialog; also a page of its own, which is what opens without JavaScript (PC-61)."""
    return _show(request, appointment_for(request.staff, appointment_id))


@require_POST
@staff_page(Permission.SCHEDULE)
def edit(request: StaffRequest, appointment_id: str) -> HttpResponse:
    """Save the edit tab (PC-63, PC-66)."""
    row = appointment_for(request.staff, appointment_id)
    form = EditForm(request.POST, appointment=row)
    if form.is_valid():
        values = form.cleaned_data
        try:
            appointments.edit(
                appointment=row, start=values["start"], end=values["end"], telehealth=values.get("telehealth"),
                by=request.actor,
            )  # fmt: skip
        except (Conflict, Invalid) as refusal:
            form.add_error("time" if refusal.code == "clinician_busy" else None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return HttpResponseRedirect(reverse("scheduling:appointment", args=[appointment_id]))
    return _show(request, row, edit_form=form)


@require_POST
@staff_page(Permission.SCHEDULE)
def status(request: StaffRequest, appointment_id: str) -> HttpResponse:
    """Missed, Cancelled, Arrived, Done, or undone (PC-65). The button names the deed, never a status to be stored."""
    row = appointment_for(request.staff, appointment_id)
    deed = request.POST.get("deed", "")
    cancel_form = CancelForm(request.POST if deed == "cancel" else None)
    try:
        if deed == "cancel":
            if not cancel_form.is_valid():
                return _show(request, row, cancel_form=cancel_form)
            appointments.cancel(appointment=row, reason=cancel_form.cleaned_data["reason"], by=request.actor)
        elif deed in _DEEDS:
            _DEEDS[deed](appointment=row, by=request.actor)
        else:
            raise Invalid
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Saved."))
    return HttpResponseRedirect(reverse("scheduling:appointment", args=[appointment_id]))


_DEEDS: dict[str, Any] = {
    "missed": appointments.mark_missed,
    "arrived": appointments.mark_arrived,
    "done": appointments.mark_done,
    "restore": appointments.restore,
}


def _show(
    request: StaffRequest,
    row: Appointment,
    *,
    edit_form: EditForm | None = None,
    cancel_form: CancelForm | None = None,
) -> HttpResponse:
    request.appointment_in_view = row  # type: ignore[attr-defined]  # what the banner's providers read
    page = "scheduling/appointment.html"
    if request.headers.get("HX-Target") == "appointment-dialog-body":
        page += "#dialog"
    bad = (edit_form is not None and edit_form.errors) or (cancel_form is not None and cancel_form.errors)
    return render(
        request,
        page,
        {
            "appointment": row,
            "tone": TONES[AppointmentStatus(row.status)],
            "may": {move.value: True for move in MOVES[AppointmentStatus(row.status)]},
            "edit_form": edit_form or EditForm(appointment=row),
            "may_edit": row.status == AppointmentStatus.BOOKED,
            "cancel_form": cancel_form or CancelForm(),
            "has_telehealth_role": row.clinician.has_telehealth,
            "start": say_time(row.local_start),
            "end": say_time(row.local_end),
            "date": row.local_start.date(),
            "zone": row.local_start.tzname(),
            "day_url": _day_url(row.local_start.date(), row.clinician),
        },
        status=422 if bad else 200,
    )


def _new_page(request: StaffRequest, form: BookForm, clinician: "Staff", key: str) -> HttpResponse:
    return render(
        request,
        "scheduling/new.html",
        {
            "form": form,
            "clinician": clinician,
            "key": key,
            "has_telehealth_role": clinician.has_telehealth,
            "zone": clinician.practice.time_zone,
            "is_mine": clinician.pk == request.staff.pk,
        },
        status=422 if form.errors else 200,
    )


def _entries(rows: list[Appointment], date: dt.date, clinician: "Staff | None", zone: ZoneInfo) -> list[Entry]:
    now = clock.now()
    lines: list[tuple[dt.datetime, Entry]] = []
    for row in rows:
        entry = Entry(
            start=say_time(row.local_start), end=say_time(row.local_end), appointment=row,
            tone=TONES[AppointmentStatus(row.status)], is_now=row.start <= now < row.end and not row.is_void,
        )  # fmt: skip
        lines.append((row.start, entry))
    if clinician is not None:
        begin = dt.datetime.combine(date, DAY_BEGINS, tzinfo=zone)
        end = dt.datetime.combine(date, DAY_ENDS, tzinfo=zone)
        taken = [(row.start, row.end) for row in rows if not row.is_void]
        for start, stop in day_plan.gaps(taken, begin=begin, end=end):
            local, until = start.astimezone(zone), stop.astimezone(zone)
            url = _new_url(date, local.time(), clinician)
            lines.append((start, Entry(start=say_time(local), end=say_time(until), book_url=url)))
    # A free stretch may begin when a cancelled appointment does: the appointment is told first.
    return [entry for _start, entry in sorted(lines, key=lambda line: (line[0], line[1].appointment is None))]


def _chosen(scope: queries.Scope, public_id: str) -> "Staff | None":
    """The clinician asked for, else oneself; None (everybody) for those who keep books. Raises NotFound."""
    if public_id:
        for clinician in scope.clinicians:
            if clinician.public_id == public_id:
                return clinician
        raise NotFound
    return scope.clinicians[0] if scope.is_clinician else None


def _day_url(date: dt.date | None, clinician: "Staff | None") -> str:
    values = {
        "date": date.isoformat() if date is not None else "",
        "clinician": clinician.public_id if clinician else "",
    }
    return _with(reverse("scheduling:day"), values)


def _new_url(date: dt.date, time: dt.time | None, clinician: "Staff | None") -> str:
    values = {
        "date": date.isoformat(),
        "time": f"{time:%H:%M}" if time is not None else "",
        "clinician": clinician.public_id if clinician else "",
    }
    return _with(reverse("scheduling:new"), values)


def _with(url: str, values: dict[str, str]) -> str:
    query = urlencode({name: value for name, value in values.items() if value})
    return f"{url}?{query}" if query else url


def _next_hour(date: dt.date, zone: ZoneInfo) -> dt.time:
    """What a new appointment begins with: the coming full hour today, nine o'clock on any other day."""
    now = clock.now().astimezone(zone)
    return dt.time(now.hour + 1) if date == now.date() and now.hour < 23 else dt.time(9)


def say_time(moment: dt.datetime) -> str:
    """An hour of the day as people say it: "9:05 AM". The moment must already be in the reader's zone."""
    return f"{moment.hour % 12 or 12}:{moment:%M %p}"


def parse_date_or_none(text: str) -> dt.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def parse_time_or_none(text: str) -> dt.time | None:
    try:
        return parse_time(text)
    except ValueError:
        return None
