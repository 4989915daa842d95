"""The IT console. No name, no chart, no identity check: initials, the portal's status, and what the office did."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from helpdesk import queries as helpdesk
from helpdesk.actions.tickets import it_group
from helpdesk.enums import Category, Side
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit, clock
from portal_core.kernel.errors import AppError, NotFound
from statuspage.contracts import IncidentSummary
from statuspage.queries import active_incidents
from triage import access, beside, forms, queries
from triage.actions import conversation, escalations, presence
from triage.enums import EscalationState, RefusalCode
from triage.identity import words_of
from triage.rules.surge import Proposal
from triage.views.desk_writing import prepared_for_flag
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from triage.models import Escalation

it_staff = staff_page(Permission.IT_DESK)
MINE = (EscalationState.SENT, EscalationState.INVESTIGATING)
LIVE_PART = "flag-list"  # what the list's live refresh swaps; the other parts come with it


@require_GET
@it_staff
@in_practice_time
def console(request: StaffRequest) -> HttpResponse:
    return console_page(request)


@require_GET
@it_staff
@in_practice_time
def flag(request: StaffRequest, public_id: str) -> HttpResponse:
    chosen = access.flag_for_it(request.staff, public_id)
    audit.record("flag:read", by=request.actor, target=chosen, practice_id=chosen.practice_id)
    return console_page(request, chosen)


def console_page(
    request: StaffRequest,
    chosen: "Escalation | None" = None,
    *,
    error: AppError | None = None,
    bound: dict[str, Form] | None = None,
) -> HttpResponse:
    """List, proposals, active incidents, what providers wrote; beside it one flag."""
    now, bound = clock.now(), bound or {}
    opened = request.GET.get("open", "") if request.method == "GET" else ""
    htmx = request.headers.get("HX-Request") == "true" and request.method == "GET"
    fetches = request.headers.get("HX-Target", "") if htmx else ""
    if chosen is not None and opened == "help" and fetches == "help-body":
        return render(request, "triage/it_section.html", {"flag": {"flag": chosen}, "opened": opened})
    flags = queries.it_flags(request.staff)
    incidents = active_incidents()
    people = presence.who([it_group(request.staff.practice.public_id)], but=request.staff.public_id)
    context = _live_context(request, flags, incidents, people, chosen, now) | {"error": error, "opened": opened}
    if fetches == LIVE_PART:
        return render(request, "triage/it_live.html", context)
    context |= {
        "bulk_form": forms.BulkFlagForm(incidents),
        "may_manage_replies": request.staff.may(Permission.STATUS_PUBLISH),
    }
    if chosen is not None:
        awake = [row["flag"].public_id for row in context["flags"]]
        context |= _neighbours(awake, chosen.public_id)
        context |= _flag_context(request, chosen, flags, incidents, bound, now)
    status = 200
    if error is not None:
        status = 422 if request.headers.get("HX-Request") == "true" else error.status
    elif any(form.is_bound and not form.is_valid() for form in bound.values()):
        status = 422
    return render(request, "triage/it.html", context, status=status)


def _live_context(
    request: StaffRequest,
    flags: "list[Escalation]",
    incidents: list[IncidentSummary],
    people: dict[str, list[presence.Present]],
    chosen: "Escalation | None",
    now: dt.datetime,
) -> dict[str, Any]:
    """What changes by itself: the lists, and the state of the flag beside them."""
    awake = [row for row in flags if row.state != EscalationState.LINKED and not row.sleeps(now)]
    return {
        "now": now,
        "flags": [_row(row, people) for row in awake],
        "sleeping": [row for row in flags if row.sleeps(now)],
        "linked": sum(row.state == EscalationState.LINKED for row in flags),
        "proposals": [_card(one) for one in queries.proposals(request.staff, flags, now)],
        "incidents": incidents,
        "provider_tickets": helpdesk.it_queue(request.staff, limit=20).tickets,
        "flag": _row(chosen, people) if chosen is not None else None,
        "people_here": people.get(chosen.public_id, []) if chosen is not None else [],
    }


def _flag_context(
    request: StaffRequest,
    chosen: "Escalation",
    flags: "list[Escalation]",
    incidents: list[IncidentSummary],
    bound: dict[str, Form],
    now: dt.datetime,
) -> dict[str, Any]:
    """What can be done with a flag; one query."""
    wrote = beside.kept(request.staff, about=chosen.public_id, side=Side.IT, lists=False)
    kept, ready = wrote.drafts, prepared_for_flag(request.staff, chosen, wrote.canned)
    picked = next((one["text"] for one in ready if one["id"] == request.GET.get("canned")), "")
    return {
        "opens": f"{reverse('triage:it-flag', args=[chosen.public_id])}?open=",
        "call_words": words_of(chosen.ticket),
        "may_accept": chosen.state == EscalationState.SENT,
        "may_work": chosen.state in MINE,
        "may_link": chosen.state in queries.UNLINKED and bool(incidents),
        "answer_form": bound.get("answer")
        or forms.AnswerForm(initial={"text": "\n\n".join(filter(None, (kept.get("answer", ""), picked)))}),
        "ask_form": bound.get("ask") or forms.AskForm(initial={"text": kept.get("ask", "")}),
        "duplicate_form": bound.get("duplicate") or forms.DuplicateForm(_older(flags, chosen)),
        "snooze_form": bound.get("snooze") or forms.SnoozeFlagForm(),
        "canned": ready,
        "asleep": chosen.sleeps(now),
        "decline_form": bound.get("decline") or forms.DeclineForm(),
        "link_form": bound.get("link") or forms.LinkForm(incidents),
        "open_form": next(iter(bound), "") or next(iter(kept), "") or ("answer" if picked else ""),
    }


def _neighbours(ids: list[str], here: str) -> dict[str, str]:
    place = ids.index(here) if here in ids else -1
    return {
        "next_id": ids[place + 1] if place + 1 < len(ids) else "",
        "previous_id": ids[place - 1] if place > 0 else "",
    }


def _row(flag: "Escalation", people: dict[str, list[presence.Present]]) -> dict[str, Any]:
    verified = None
    if flag.attestation is not None:
        attempt = flag.attestation.attempt
        verified = {
            "how": queries.method_class(attempt),
            "at": attempt.ended_at,
            "for": flag.attestation.get_action_class_display(),
            "office": flag.office.name,
        }
    return {"flag": flag, "verified": verified, "people": people.get(flag.public_id, [])}


def _card(proposal: Proposal) -> dict[str, Any]:
    minutes = max(1, round((proposal.last_at - proposal.first_at).total_seconds() / 60))
    return {
        "proposal": proposal,
        "category": Category(proposal.category).label,
        "minutes": minutes,
        "usually": f"{proposal.usual.median:g}" if proposal.usual is not None else "",
    }


Deed = Callable[..., str]


def verdict(deed: Deed) -> Callable[..., HttpResponse]:
    """A one-key verdict on a flag; a refusal is told on the flag's page."""

    @require_POST
    @it_staff
    @in_practice_time
    def press(request: StaffRequest, /, public_id: str) -> HttpResponse:
        row = access.flag_for_it(request.staff, public_id)
        try:
            said = deed(request, row)
        except NotFound:
            raise
        except AppError as error:
            return console_page(request, access.flag_for_it(request.staff, public_id), error=error)
        except Refill as refill:
            return console_page(request, row, bound=refill.bound)
        messages.success(request, said)
        return redirect("triage:it-flag", public_id)

    press.__name__, press.__doc__ = getattr(deed, "__name__", "press"), deed.__doc__
    return press


class Refill(Exception):
    """A form that has to be filled in again."""

    def __init__(self, name: str, form: Form) -> None:
        self.bound = {name: form}
        super().__init__(name)


@verdict
def accept(request: StaffRequest, row: "Escalation") -> str:
    escalations.accept(flag=row, staff=request.staff, by=request.actor)
    return _("It is yours.")


@verdict
def decline(request: StaffRequest, row: "Escalation") -> str:
    form = forms.DeclineForm(request.POST)
    if not form.is_valid():
        raise Refill("decline", form)
    code = RefusalCode(form.cleaned_data["code"])
    note = form.cleaned_data["note"]
    escalations.decline(flag=row, code=code, note=note, staff=request.staff, by=request.actor)
    return _("Back at the office: %(code)s.") % {"code": code.label}


@verdict
def ask(request: StaffRequest, row: "Escalation") -> str:
    form = forms.AskForm(request.POST)
    if not form.is_valid():
        raise Refill("ask", form)
    conversation.ask_office(flag=row, question=form.cleaned_data["text"], staff=request.staff, by=request.actor)
    return _("The office was asked.")


@verdict
def answer(request: StaffRequest, row: "Escalation") -> str:
    form = forms.AnswerForm(request.POST)
    if not form.is_valid():
        raise Refill("answer", form)
    conversation.answer_office(flag=row, text=form.cleaned_data["text"], staff=request.staff, by=request.actor)
    return _("Answered. The office confirms it with the patient.")


@verdict
def duplicate(request: StaffRequest, row: "Escalation") -> str:
    form = forms.DuplicateForm(_older(queries.it_flags(request.staff), row), request.POST)
    if not form.is_valid():
        raise Refill("duplicate", form)
    older = access.flag_for_it(request.staff, form.cleaned_data["flag"])
    escalations.duplicate(flag=row, of=older, staff=request.staff, by=request.actor)
    return _("Back at the office, which follows the older flag.")


def _older(flags: "list[Escalation]", row: "Escalation") -> list[tuple[str, str]]:
    """Open flags of the same office that came first."""
    return [
        (one.public_id, f"{one.created_at:%b %d, %H:%M} · {one.get_category_display()} · {one.error_text[:60]}")
        for one in flags
        if one.office_id == row.office_id and one.pk != row.pk and one.created_at <= row.created_at
    ]


@verdict
def snooze(request: StaffRequest, row: "Escalation") -> str:
    form = forms.SnoozeFlagForm(request.POST)
    if not form.is_valid():
        raise Refill("snooze", form)
    until = clock.now() + dt.timedelta(hours=int(form.cleaned_data["hours"]))
    reason = form.cleaned_data["reason"]
    escalations.snooze(flag=row, until=until, reason=reason, staff=request.staff, by=request.actor)
    return _("Out of the way until then. It comes back by itself, and at once when the office writes.")


@verdict
def wake(request: StaffRequest, row: "Escalation") -> str:
    escalations.wake(flag=row, staff=request.staff, by=request.actor)
    return _("Back in the list.")


@verdict
def link(request: StaffRequest, row: "Escalation") -> str:
    form = forms.LinkForm(active_incidents(), request.POST)
    if not form.is_valid():
        raise Refill("link", form)
    incident_id = form.cleaned_data["incident"]
    escalations.link_to_incident(flag=row, incident_id=incident_id, staff=request.staff, by=request.actor)
    return _("Linked. The ticket waits for the incident.")
