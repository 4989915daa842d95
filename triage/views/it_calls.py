"""Calls to IT (HD-07, HD-10, HD-13, HD-17): people of a practice, written down while they talk, with the clock of the
office's screen. A patient's call is given to their office with one press (TR-03); no chart is looked at."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from helpdesk import queries as helpdesk
from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind, Side
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock, idempotency
from portal_core.kernel.errors import Conflict
from triage import forms
from triage.views.call_parts import (
    asked_for,
    elapsed,
    first_facts,
    keep_call,
    line_call,
    missed_call,
    page_facts,
)
from triage.views.practice_time import in_practice_time


@require_http_methods(["GET", "POST"])
@staff_page(Permission.IT_DESK)
@in_practice_time
def new(request: StaffRequest) -> HttpResponse:
    """GET: the clock starts (`?who=patient`: for a patient). POST do=log: make the ticket and open it; do=hand: their
    office gets it. What was typed stays."""
    now = clock.now()
    if request.method != "POST":
        return _page(request, forms.ITCallForm(request.staff, initial=_first(request, now)), now)
    form = forms.ITCallForm(request.staff, request.POST)
    if form.is_valid():
        try:
            return _log(request, form, now)
        except Conflict as refusal:
            form.add_error(None, str(refusal))
    return _page(request, form, now)


def _first(request: StaffRequest, now: dt.datetime) -> dict[str, object]:
    patient = request.GET.get("who") == RequesterKind.PATIENT
    return {
        "who": RequesterKind.PATIENT if patient else RequesterKind.PROVIDER,
        "category": Category.ERROR_MSG if patient else Category.STAFF_ACCESS,
        **first_facts(request, now, side=Side.IT),
    }


def _page(request: StaffRequest, form: forms.ITCallForm, now: dt.datetime) -> HttpResponse:
    context = {**page_facts(request, form, now, side=Side.IT), "category": form.chosen(otherwise=Category.STAFF_ACCESS)}
    return render(request, "triage/it_call.html", context, status=422 if form.is_bound else 200)


def _log(request: StaffRequest, form: forms.ITCallForm, now: dt.datetime) -> HttpResponse:
    got, staff, gives = form.cleaned_data, request.staff, request.POST.get("do") == "hand"
    heard, missed = line_call(request, side=Side.IT), missed_call(request, side=Side.IT)
    seconds = form.seconds(heard=heard.seconds if heard is not None else None, elapsed=elapsed(request, now))
    kind = RequesterKind.PATIENT if gives else RequesterKind(got["who"])
    phone = got["phone"].strip() or (heard.phone if heard is not None else "")
    if kind == RequesterKind.PATIENT and not phone:
        form.add_error("phone", _("Write their number down: the office calls them back on it."))
        return _page(request, form, now)
    intake = Intake(
        requester_kind=kind,
        category=Category(got["category"]),
        channel=Channel.PHONE,
        body=got["body"],
        name=got["name"],
        phone=phone,
        error_text=got["error_text"],
        device={"browser": got["device"]} if got["device"] else {},
    )

    def deed() -> str:
        ticket = tickets.log_call(
            intake=intake,
            office=form.offices[got["office"]],
            staff=staff,
            call_seconds=seconds,
            desk=Side.IT,
            to_office=gives,
            by=request.actor,
        )
        kept = ticket.side == Side.IT
        keep_call(
            request, ticket, heard=heard, missed=missed, seconds=seconds, red_flags=got["red_flags"], answers=kept
        )
        public_id: str = ticket.public_id
        return public_id

    key = request.POST.get("idempotency_key", "")
    asked = [gives, heard, asked_for(form)]
    ticket = helpdesk.ticket_by_id(idempotency.once(f"triage.it_call:{staff.public_id}", key, deed, of=asked))
    if ticket.side == Side.OFFICE:
        messages.success(request, _("%(office)s has it now.") % {"office": ticket.office.name})
        return redirect("triage:it")
    messages.success(request, _("Logged."))
    return redirect("triage:it-ticket", ticket.public_id)
