"""The call screen: while somebody talks, a clock, a script and big buttons; then one press makes the ticket (HD-10,
HD-13, TR-08). And calls about tickets that are there already (HD-08)."""

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from helpdesk import access as helpdesk_access
from helpdesk import queries as helpdesk
from helpdesk.actions import calls, tickets
from helpdesk.contracts import Intake
from helpdesk.enums import CallDirection, CallOutcome, Category, Channel, RequesterKind, Side
from portal_core.access.queries import last_attempts, portal_status
from portal_core.directory.access import note_list_read, patient_for
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import search_patients
from portal_core.kernel import clock, idempotency
from portal_core.kernel.errors import AppError, Conflict, NotFound
from triage import access, forms, queries
from triage.enums import RedFlag
from triage.rules.verification import NEUTRAL_SENTENCE
from triage.rules.words import call_words
from triage.views.office_page import desk_page, in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.directory.models import Patient

FOUND = 6
LONG_CALL = 45 * 60  # seconds; calls last 2 to 45 minutes (HD-13)
_began = signing.Signer(salt="triage.call.began", sep=".")


@require_http_methods(["GET", "POST"])
@staff_page(Permission.OFFICE_DESK)
@in_practice_time
def new(request: StaffRequest) -> HttpResponse:
    """GET: the clock starts. POST do=find: look the patient up; pick=<id>: that one, with the script for their portal
    status; do=drop: none of them; do=log: make the ticket and open it. What was typed stays."""
    now = clock.now()
    if request.method != "POST":
        initial = {"category": Category.LOGIN_PWD, "began": _began.sign(str(int(now.timestamp())))}
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
    return _page(request, _form(request, initial=_typed(request)), caller, now)


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
        _write_down(request, ticket, form)
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
    if not flag.ok_to_contact or not form.is_valid():
        messages.error(request, _("Not noted: say what came of the call."))
    else:
        _write_down(request, flag.ticket, form, phone=flag.contact_number)
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


def _typed(request: StaffRequest) -> dict[str, Any]:
    typed: dict[str, Any] = {name: str(request.POST.get(name, "")) for name in forms.CallForm.base_fields}
    return typed | {"red_flags": request.POST.getlist("red_flags")}


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


def _elapsed(request: StaffRequest, now: dt.datetime) -> int | None:
    """Seconds since the call screen was opened; None where that is not known. A long rest in between is no call."""
    try:
        since = int(_began.unsign(request.POST.get("began", "")))
    except (signing.BadSignature, ValueError):
        return None
    passed = int(now.timestamp()) - since
    return passed if 0 <= passed <= forms.CALL_MAX else None


def _page(request: StaffRequest, form: forms.CallForm, caller: _Caller, now: dt.datetime) -> HttpResponse:
    value = form["more"].value() or form["category"].value()
    category = value if value in Category.values else Category.OTHER
    context: dict[str, Any] = {
        "form": form,
        "found": caller.found,
        "looked": caller.looked,
        "picked": caller.picked,
        "frequent": [(code.value, code.label) for code in forms.FREQUENT],
        "category": category,
        "routes": [
            row
            for code, row in queries.table_of(request.staff.practice_id).items()
            if code in dict(forms.PATIENT_CATEGORIES)
        ],
        "red_flags": [(value, label, value in (form["red_flags"].value() or [])) for value, label in RedFlag.choices],
        "neutral_sentence": NEUTRAL_SENTENCE,
        "elapsed": (_elapsed(request, now) or 0) if request.method == "POST" else 0,
        "long_call": LONG_CALL,
        "line_calls": helpdesk.unwritten_calls(request.staff, now=now),
        "line_call": request.POST.get("line_call", ""),
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
    heard = _line_call(request)
    seconds = form.seconds(heard.seconds if heard is not None else _elapsed(request, now))
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
        flags = got["red_flags"]
        if heard is not None:
            calls.adopt(call=heard, ticket=ticket, staff=staff, red_flags=flags, by=request.actor)
        else:
            calls.write_down(
                ticket=ticket,
                staff=staff,
                direction=CallDirection.IN,
                outcome=CallOutcome.TALKED,
                seconds=seconds or 0,
                red_flags=flags,
                by=request.actor,
            )
        public_id: str = ticket.public_id
        return public_id

    public_id = idempotency.once(f"triage.call:{staff.public_id}", request.POST.get("idempotency_key", ""), deed)
    words = call_words(public_id, key=settings.SECRET_KEY)
    messages.success(request, _("Logged. If you call them back, say first: %(words)s") % {"words": words})
    return public_id


def _line_call(request: StaffRequest) -> Any:
    """The call of the line that is being written down, among those this desk may."""
    wanted = request.POST.get("line_call", "")
    return helpdesk_access.unwritten_call_for(request.staff, wanted) if wanted else None


def _write_down(request: StaffRequest, ticket: "Ticket", form: forms.CallBackForm, *, phone: str = "") -> None:
    got, staff = form.cleaned_data, request.staff

    def deed() -> str:
        call = calls.write_down(
            ticket=ticket,
            staff=staff,
            direction=CallDirection(got["direction"]),
            outcome=CallOutcome(got["outcome"]),
            seconds=(got["minutes"] or 0) * 60,
            phone=phone,
            by=request.actor,
        )
        if got["note"].strip():
            tickets.add_note(ticket=ticket, body=got["note"], by=request.actor)
        return str(call.public_id)

    key = request.POST.get("idempotency_key", "")
    if not key:
        raise NotFound
    idempotency.once(f"triage.call:{staff.public_id}:{ticket.public_id}", key, deed)
