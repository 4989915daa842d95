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

from helpdesk.enums import Side, Turn
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.errors import AppError, NotFound
from portal_core.kernel.ids import new_public_id
from statuspage.contracts import IncidentSummary
from statuspage.queries import active_incidents
from triage import access, beside, forms, queries
from triage.actions import conversation, escalations, presence
from triage.console import older_flags
from triage.enums import ESCALATION_MOVES, EscalationState, RefusalCode
from triage.identity import words_of
from triage.views.desk_writing import prepared_for_flag
from triage.views.it_list import list_context, onwards, row_of, rows_context, wanted_of
from triage.views.narrowed import address
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from portal_core.directory.models import Staff
    from triage.models import Escalation

it_staff = staff_page(Permission.IT_DESK)
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
    narrowed, incidents = wanted_of(request), active_incidents()
    here = address("it-flag", chosen.public_id, narrowed=narrowed) if chosen else address("it", narrowed=narrowed)
    context = rows_context(request, narrowed, incidents, now) | {"error": error, "opened": opened, "here": here}
    if chosen is not None:
        context |= _live_context(request.staff, chosen, context["people"], now)
    if fetches == LIVE_PART:
        return render(request, "triage/it_live.html", context)
    about = chosen.public_id if chosen is not None else ""
    kept = beside.kept(request.staff, about=about, side=Side.IT)
    context |= list_context(request, narrowed, kept, incidents)
    if chosen is not None:
        context |= _neighbours([row["flag"].public_id for row in context["flags"]], chosen.public_id)
        context |= _flag_context(request, chosen, kept, incidents, bound)
    status = 200
    if error is not None:
        status = 422 if request.headers.get("HX-Request") == "true" else error.status
    elif any(form.is_bound and not form.is_valid() for form in bound.values()):
        status = 422
    return render(request, "triage/it.html", context, status=status)


def _live_context(
    staff: "Staff", chosen: "Escalation", people: dict[str, list[presence.Present]], now: dt.datetime
) -> dict[str, Any]:
    """What changes of the flag beside the list: its state, what was said about it, and what can be done. One query."""
    moves = ESCALATION_MOVES[chosen.state]
    return {
        "flag": row_of(chosen, people),
        "people_here": people.get(chosen.public_id, []),
        "exchange": list(chosen.exchange.all()),
        "asleep": chosen.sleeps(now),
        "may_accept": chosen.state == EscalationState.SENT,
        "may_work": EscalationState.RETURNED in moves,
        "may_ask": chosen.turn == Turn.IT,
        "may_take_over": chosen.is_open and chosen.accepted_at is not None and chosen.assignee_id != staff.pk,
        "may_take_back": chosen.state in (EscalationState.ANSWERED, EscalationState.NEED_OFFICE),
        "may_unlink": chosen.state == EscalationState.LINKED,
    }


def _flag_context(
    request: StaffRequest,
    chosen: "Escalation",
    wrote: beside.Kept,
    incidents: list[IncidentSummary],
    bound: dict[str, Form],
) -> dict[str, Any]:
    """The forms of a flag; one query where it can be a duplicate."""
    kept, ready = wrote.drafts, prepared_for_flag(request.staff, chosen, wrote.canned)
    picked = next((one["text"] for one in ready if one["id"] == request.GET.get("canned")), "")
    may_work = EscalationState.RETURNED in ESCALATION_MOVES[chosen.state]
    return {
        "opens": f"{reverse('triage:it-flag', args=[chosen.public_id])}?open=",
        "call_words": words_of(chosen.ticket),
        "may_link": chosen.state in queries.UNLINKED and bool(incidents),
        "answer_form": bound.get("answer")
        or forms.AnswerForm(initial={"text": "\n\n".join(filter(None, (kept.get("answer", ""), picked)))}),
        "ask_form": bound.get("ask") or forms.AskForm(initial={"text": kept.get("ask", "")}),
        "duplicate_form": bound.get("duplicate") or forms.DuplicateForm(_older(chosen) if may_work else []),
        "snooze_form": bound.get("snooze") or forms.SnoozeFlagForm(),
        "note_form": bound.get("note") or forms.NoteForm(),
        "canned": ready,
        "call_form": bound.get("call"),
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


Deed = Callable[..., str]


def verdict(deed: Deed, *, go_on: bool = False) -> Callable[..., HttpResponse]:
    """A one-key verdict on a flag; a refusal is told on the flag's page. `go_on`: it is off IT's hands, so the next one
    is shown."""

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
        if go_on:
            return redirect(onwards(request, leaving=public_id))
        return redirect(address("it-flag", public_id, narrowed=wanted_of(request)))

    press.__name__, press.__doc__ = getattr(deed, "__name__", "press"), deed.__doc__
    return press


def off_our_hands(deed: Deed) -> Callable[..., HttpResponse]:
    return verdict(deed, go_on=True)


class Refill(Exception):
    """A form that has to be filled in again."""

    def __init__(self, name: str, form: Form) -> None:
        self.bound = {name: form}
        super().__init__(name)


@verdict
def accept(request: StaffRequest, row: "Escalation") -> str:
    escalations.accept(flag=row, staff=request.staff, by=request.actor)
    return _("It is yours.")


@off_our_hands
def decline(request: StaffRequest, row: "Escalation") -> str:
    form = forms.DeclineForm(request.POST)
    if not form.is_valid():
        raise Refill("decline", form)
    code = RefusalCode(form.cleaned_data["code"])
    note = form.cleaned_data["note"]
    escalations.decline(flag=row, code=code, note=note, staff=request.staff, by=request.actor)
    return _("Back at the office: %(code)s.") % {"code": code.label}


@off_our_hands
def ask(request: StaffRequest, row: "Escalation") -> str:
    form = forms.AskForm(request.POST)
    if not form.is_valid():
        raise Refill("ask", form)
    conversation.ask_office(flag=row, question=form.cleaned_data["text"], staff=request.staff, by=request.actor)
    return _("The office was asked.")


@off_our_hands
def answer(request: StaffRequest, row: "Escalation") -> str:
    form = forms.AnswerForm(request.POST)
    if not form.is_valid():
        raise Refill("answer", form)
    conversation.answer_office(flag=row, text=form.cleaned_data["text"], staff=request.staff, by=request.actor)
    return _("Answered. The office confirms it with the patient.")


@off_our_hands
def duplicate(request: StaffRequest, row: "Escalation") -> str:
    form = forms.DuplicateForm(_older(row), request.POST)
    if not form.is_valid():
        raise Refill("duplicate", form)
    older = access.flag_for_it(request.staff, form.cleaned_data["flag"])
    escalations.duplicate(flag=row, of=older, staff=request.staff, by=request.actor)
    return _("Back at the office, which follows the older flag.")


def _older(row: "Escalation") -> list[tuple[str, str]]:
    """Open flags of the same office that came first."""
    return [
        (one.public_id, f"{one.created_at:%b %d, %H:%M} · {one.get_category_display()} · {one.error_text[:60]}")
        for one in older_flags(row)
    ]


@verdict
def note(request: StaffRequest, row: "Escalation") -> str:
    form = forms.NoteForm(request.POST)
    if not form.is_valid():
        raise Refill("note", form)

    def deed() -> str:
        escalations.note(flag=row, body=form.cleaned_data["body"], staff=request.staff, by=request.actor)
        return str(row.public_id)

    key = request.POST.get("idempotency_key") or new_public_id()
    idempotency.once(f"triage:flag-note:{row.public_id}", key, deed, of=form.cleaned_data)
    return _("Noted. The office does not see it.")


@verdict
def take_over(request: StaffRequest, row: "Escalation") -> str:
    escalations.take_over(flag=row, staff=request.staff, by=request.actor)
    return _("It is yours.")


@verdict
def take_back(request: StaffRequest, row: "Escalation") -> str:
    escalations.take_back(flag=row, staff=request.staff, by=request.actor)
    return _("Taken back. It is yours again, and the office sees that.")


@verdict
def unlink(request: StaffRequest, row: "Escalation") -> str:
    escalations.unlink(flag=row, staff=request.staff, by=request.actor)
    return _("It waits for the incident no longer, and is yours to look at again.")


@off_our_hands
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


@off_our_hands
def link(request: StaffRequest, row: "Escalation") -> str:
    form = forms.LinkForm(active_incidents(), request.POST)
    if not form.is_valid():
        raise Refill("link", form)
    incident_id = form.cleaned_data["incident"]
    escalations.link_to_incident(flag=row, incident_id=incident_id, staff=request.staff, by=request.actor)
    return _("Linked. The ticket waits for the incident.")
