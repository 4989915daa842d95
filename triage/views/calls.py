"""The call screen: while somebody talks, a clock, a script and big buttons; then one press makes the ticket (HD-10,
HD-13, TR-08). And calls about tickets that are there already (HD-08)."""

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk import queries as helpdesk
from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind, Side
from portal_core.access.queries import last_attempts, portal_status
from portal_core.directory.access import note_list_read, patient_for
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import search_patients
from portal_core.kernel import clock, idempotency
from portal_core.kernel.errors import AppError, Conflict
from triage import access, forms, queries
from triage.rules.words import call_words
from triage.views.call_parts import (
    asked_for,
    elapsed,
    first_facts,
    keep_call,
    line_call,
    missed_call,
    note_call,
    page_facts,
    typed,
)
from triage.views.it import console_page
from triage.views.office_page import desk_page, in_practice_time

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

FOUND = 6
OFFICE = Side.OFFICE


@require_http_methods(["GET", "POST"])
@staff_page(Permission.OFFICE_DESK)
@in_practice_time
def new(request: StaffRequest) -> HttpResponse:
    """GET: the clock starts. POST do=find: look the patient up; pick=<id>: that one, with the script for their portal
    status; do=drop: none of them; do=log: make the ticket and open it. What was typed stays."""
    now = clock.now()
    if request.method != "POST":
        initial = {"category": Category.LOGIN_PWD, **first_facts(request, now, side=OFFICE)}
        return _page(request, _form(request, initial=initial), _Caller(), now)
    if request.POST.get("do") == "log":
        form = _form(request, request.POST)
        if form.is_valid():
            try:
                return redirect("triage:office-ticket", _log(request, form, now))
            except Conflict as refusal:
                form.add_error(None, str(refusal))
        return _page(request, form, _Caller(picked=_patient(request, request.POST.get("patient", ""))), now)
    chosen = request.POST.get("pick") or ("" if request.POST.get("do") == "drop" else request.POST.get("patient", ""))
    caller = _Caller(picked=_patient(request, chosen))
    if request.POST.get("do") == "find":
        caller = _find(request)
    return _page(request, _form(request, initial=typed(request, forms.CallForm)), caller, now)


@require_POST
@staff_page(Permission.OFFICE_DESK)
@in_practice_time
def about_ticket(request: StaffRequest, public_id: str) -> HttpResponse:
    """A call made or taken about a ticket of this office."""
    ticket = access.office_ticket(request.staff, public_id)
    form = forms.CallBackForm(request.POST)
    if not form.is_valid():
        return desk_page(request, ticket, bound={"call": form}, call_form=form)
    try:
        note_call(request, ticket, form.cleaned_data)
    except AppError as error:
        return desk_page(request, access.office_ticket(request.staff, public_id), error=error)
    messages.success(request, _("The call is noted."))
    return redirect("triage:office-ticket", public_id)


@require_POST
@staff_page(Permission.IT_DESK)
@in_practice_time
def about_flag(request: StaffRequest, public_id: str) -> HttpResponse:
    """IT called the patient with what the flag provides (HD-08, HD-09). Refused where the office said no."""
    flag = access.flag_for_it(request.staff, public_id)
    form = forms.CallBackForm(request.POST)
    if not flag.ok_to_contact:
        messages.error(request, _("Not noted: the office said that the patient is not to be called."))
        return redirect("triage:it-flag", public_id)
    if not form.is_valid():
        return console_page(request, flag, bound={"call": form})
    try:
        note_call(request, flag.ticket, form.cleaned_data, phone=flag.contact_number)
    except Conflict as refusal:
        return console_page(request, flag, error=refusal, bound={"call": form})
    messages.success(request, _("The call is noted. The office sees it too."))
    return redirect("triage:it-flag", public_id)


@dataclass(frozen=True, slots=True)
class _Caller:
    """Who may be on the phone: those found, or the one picked."""

    found: "list[Patient]" = field(default_factory=list)
    looked: bool = False
    picked: "Patient | None" = None


def _form(request: StaffRequest, *args: Any, **kwargs: Any) -> forms.CallForm:
    return forms.CallForm(request.staff, request.staff.offices_for(Permission.OFFICE_DESK), *args, **kwargs)


def _patient(request: StaffRequest, public_id: str) -> "Patient | None":
    return patient_for(request.staff, public_id, to=Permission.PATIENT_READ) if public_id else None


def _find(request: StaffRequest) -> _Caller:
    text = str(request.POST.get("q", ""))[:120]
    if not text.strip():
        return _Caller()
    rows = search_patients(request.staff, text).select_related("home_office")
    found = list(rows.order_by("last_name", "first_name", "pk")[:FOUND])
    note_list_read(request.staff, shown=len(found), searched=True)
    return _Caller(found=found, looked=True)


def _page(request: StaffRequest, form: forms.CallForm, caller: _Caller, now: dt.datetime) -> HttpResponse:
    kinds = dict(form.kinds)
    context: dict[str, Any] = {
        **page_facts(request, form, now, side=OFFICE),
        "found": caller.found,
        "looked": caller.looked,
        "picked": caller.picked,
        "category": form.chosen(),
        "routes": [row for code, row in queries.table_of(request.staff.practice_id).items() if code in kinds],
    }
    if caller.picked is not None:
        context |= _picked(caller.picked, now)
    return render(request, "triage/call.html", context, status=422 if form.is_bound else 200)


def _picked(patient: "Patient", now: dt.datetime) -> dict[str, Any]:
    """The script for this caller: what the portal says of them decides what is said to them (PC-29 to PC-32)."""
    return {
        "portal": portal_status(patient),
        "tries": last_attempts(patient),
        "usual": helpdesk.usual_caller(patient.pk, side=Side.OFFICE, now=now),
        "open_tickets": helpdesk.open_of_patient(patient),
        "on_hold": queries.on_hold(patient),
    }


def _log(request: StaffRequest, form: forms.CallForm, now: dt.datetime) -> str:
    got, staff = form.cleaned_data, request.staff
    patient = _patient(request, request.POST.get("patient", ""))
    heard, missed = line_call(request, side=OFFICE), missed_call(request, side=OFFICE)
    seconds = form.seconds(heard=heard.seconds if heard is not None else None, elapsed=elapsed(request, now))
    intake = Intake(
        requester_kind=RequesterKind.PATIENT,
        category=Category(got["category"]),
        channel=Channel.PHONE,
        body=got["body"],
        name=got["name"] or (patient.name if patient is not None else ""),
        phone=got["phone"] or (heard.phone if heard is not None else ""),
        error_text=got["error_text"],
        device={"browser": got["device"]} if got["device"] else {},
    )

    def deed() -> str:
        ticket = tickets.log_call(
            intake=intake,
            office=patient.home_office if patient is not None else form.offices[got["office"]],
            staff=staff,
            patient=patient,
            call_seconds=seconds,
            by=request.actor,
        )
        keep_call(request, ticket, heard=heard, missed=missed, seconds=seconds, red_flags=got["red_flags"])
        public_id: str = ticket.public_id
        return public_id

    asked = [patient, heard, asked_for(form)]
    key = request.POST.get("idempotency_key", "")
    public_id = idempotency.once(f"triage.call:{staff.public_id}", key, deed, of=asked)
    words = call_words(public_id, key=settings.SECRET_KEY)
    messages.success(request, _("Logged. If you call them back, say first: %(words)s") % {"words": words})
    return public_id
