"""Practice settings: when offices and IT are there, and on which days they are not (HD-11)."""

import datetime as dt
import zoneinfo
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk import queries
from helpdesk.actions import hours
from helpdesk.errors import NoCommonDayOff
from helpdesk.forms import HolidayForm, WeekForm
from helpdesk.rules.opening_words import week_words
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import NotFound

if TYPE_CHECKING:
    from portal_core.directory.models import Office

IT = "it"  # stands in addresses where an office's id would


@require_safe
@staff_page(Permission.SETTINGS)
def overview(request: StaffRequest) -> HttpResponse:
    return _page(request, HolidayForm(offices=_offices(request), today=_today(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.SETTINGS)
def week(request: StaffRequest, place: str) -> HttpResponse:
    """The ordinary week of one place. POST do=copy: Monday's hours for Tuesday to Friday, nothing kept yet."""
    practice = request.staff.practice
    office = None if place == IT else _office(request, place)
    calendar = queries.calendar_of_it(practice) if office is None else queries.calendar_of(office)
    form = WeekForm(request.POST or None, spans=calendar.spans)
    if request.method == "POST" and request.POST.get("do") == "copy":
        form = form.with_monday_copied()
    elif request.method == "POST" and form.is_valid():
        hours.set_week(practice=practice, office=office, spans=form.spans, by=request.actor)
        messages.success(request, _("The hours are saved."))
        return redirect("helpdesk:hours")
    context = {"form": form, "office": office, "zone": calendar.zone, "days": form.days()}
    return render(request, "helpdesk/hours_week.html", context, status=422 if form.errors else 200)


@require_POST
@staff_page(Permission.SETTINGS)
def add_holiday(request: StaffRequest) -> HttpResponse:
    form = HolidayForm(request.POST, offices=_offices(request), today=_today(request))
    if not form.is_valid():
        return _page(request, form)
    got = form.cleaned_data
    try:
        hours.add_holiday(
            practice=request.staff.practice, office=form.office(), it=got["place"] == IT, works=got["works"],
            date=got["date"], name=got["name"], by=request.actor,
        )  # fmt: skip
    except NoCommonDayOff as refusal:
        form.add_error("works", str(refusal))
        return _page(request, form)
    said = _("Noted: they are there on that day.") if got["works"] else _("The day off is noted.")
    messages.success(request, said)
    return redirect("helpdesk:hours")


@require_POST
@staff_page(Permission.SETTINGS)
def add_federal(request: StaffRequest) -> HttpResponse:
    """The federal holidays of this year or the next."""
    year = request.POST.get("year", "")
    if year not in {str(offered) for offered in _years(request)}:
        raise NotFound
    added = hours.add_federal_holidays(practice=request.staff.practice, year=int(year), by=request.actor)
    if added:
        messages.success(request, ngettext("%(n)d day added.", "%(n)d days added.", added) % {"n": added})
    else:
        messages.info(request, _("They are all there already."))
    return redirect("helpdesk:hours")


@require_POST
@staff_page(Permission.SETTINGS)
def remove_holiday(request: StaffRequest) -> HttpResponse:
    place = request.POST.get("place", "")
    try:
        date = dt.date.fromisoformat(request.POST.get("date", ""))
    except ValueError:
        raise NotFound from None
    office = _office(request, place) if place not in ("", IT) else None
    practice = request.staff.practice
    if hours.remove_holiday(practice=practice, office=office, it=place == IT, date=date, by=request.actor):
        messages.success(request, _("Taken off the list."))
    return redirect("helpdesk:hours")


def _page(request: StaffRequest, form: HolidayForm) -> HttpResponse:
    practice, now = request.staff.practice, clock.now()
    places = [
        {
            "key": place.office.public_id if place.office is not None else IT,
            "name": place.office.name if place.office is not None else _("IT support"),
            "zone": place.calendar.zone,
            "elsewhere": place.calendar.zone != practice.time_zone,
            "week": week_words(place.calendar),
            "words": place.words,
        }
        for place in queries.places(_offices(request), it_of=practice, now=now)
    ]
    context = {
        "places": places,
        "form": form,
        "holidays": queries.holidays(practice.pk, since=_today(request)),
        "years": _years(request),
    }
    return render(request, "helpdesk/hours.html", context, status=422 if form.errors else 200)


def _today(request: StaffRequest) -> dt.date:
    return clock.now().astimezone(zoneinfo.ZoneInfo(request.staff.practice.time_zone)).date()


def _years(request: StaffRequest) -> list[int]:
    year = _today(request).year
    return [year, year + 1]


def _offices(request: StaffRequest) -> "list[Office]":
    return list(directory.offices(request.staff.practice_id).select_related("practice"))


def _office(request: StaffRequest, public_id: str) -> "Office":
    rows = directory.offices(request.staff.practice_id).select_related("practice")
    office = rows.filter(public_id=public_id).first()
    if office is None:
        raise NotFound
    return office
