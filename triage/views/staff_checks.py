"""IT's check of a colleague on a ticket, and the page on which their manager agrees. No patient anywhere."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.directory.queries import colleagues
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError, NotFound
from triage import access
from triage.actions import staff_checks
from triage.enums import AttemptOutcome, StaffMethod, StaffPurpose
from triage.models import StaffCheck
from triage.views.office import chosen
from triage.views.practice_time import in_practice_time

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from helpdesk.models import Ticket
    from portal_core.directory.models import Staff

it_staff = staff_page(Permission.IT_DESK)
manager = staff_page(Permission.SETTINGS, Permission.APPROVE_RISKY)
CANDIDATES = 8


def check_context(staff: "Staff", ticket: "Ticket", text: str) -> dict[str, Any]:
    """What IT's page of a colleague's ticket shows of the check: who it may be, and where it stands."""
    rows = StaffCheck.objects.filter(ticket=ticket).select_related("subject", "office", "agent", "approved_by")
    check = rows.order_by("-started_at", "-pk").first()
    under_way = check is not None and check.outcome == AttemptOutcome.OPEN
    live = check is not None and check.is_live(clock.now())
    return {
        "check": check,
        "check_open": under_way,
        "check_mine": check is not None and check.agent_id == staff.pk,
        "check_live": live,
        "check_does": live and check is not None and check.purpose != StaffPurpose.HELP,
        "candidates": [] if under_way or live else _candidates(staff, ticket, text),
        "who": text,
        "staff_purposes": StaffPurpose.choices,
        "staff_methods": StaffMethod.choices,
    }


def _candidates(staff: "Staff", ticket: "Ticket", text: str) -> "list[Staff]":
    """Colleagues whom the words name; without words, whom the ticket names."""
    everybody: QuerySet[Staff] = colleagues(staff.practice_id).filter(is_active=True).exclude(pk=staff.pk)
    words = text.split() or [word for word in ticket.requester_name.split() if len(word.strip(".")) > 2]
    if ticket.requester_email and not text:
        by_mail = list(everybody.filter(email__iexact=ticket.requester_email)[:CANDIDATES])
        if by_mail:
            return by_mail
    if not words:
        return []
    rows = everybody
    for word in words[:4]:
        rows = rows.filter(first_name__icontains=word) | rows.filter(last_name__icontains=word)
    return list(rows.order_by("last_name", "first_name")[:CANDIDATES])


Deed = Callable[..., str]


def button(deed: Deed) -> Callable[..., HttpResponse]:
    """A press on IT's page of a ticket; a refusal is told at the top of that page."""

    @require_POST
    @it_staff
    def press(request: StaffRequest, /, public_id: str, **kwargs: Any) -> HttpResponse:
        row = access.it_ticket(request.staff, public_id)
        try:
            messages.success(request, deed(request, row, **kwargs))
        except NotFound:
            raise
        except AppError as error:
            messages.error(request, str(error))
        return redirect("triage:it-ticket", public_id)

    press.__name__, press.__doc__ = getattr(deed, "__name__", "press"), deed.__doc__
    return press


@button
def begin(request: StaffRequest, row: "Ticket") -> str:
    subject = colleagues(request.staff.practice_id).filter(public_id=request.POST.get("subject", "")).first()
    if subject is None:
        raise NotFound
    purpose = chosen(StaffPurpose, request.POST.get("purpose"))
    staff_checks.begin(ticket=row, subject=subject, purpose=purpose, staff=request.staff, by=request.actor)
    return _("Hang up now, then call the number below and ask for them.")


@button
def succeed(request: StaffRequest, row: "Ticket", check_id: str) -> str:
    check = access.staff_check_of(request.staff, row, check_id)
    method = chosen(StaffMethod, request.POST.get("method"))
    staff_checks.succeed(check=check, method=method, staff=request.staff, by=request.actor)
    return _("Noted: it is them.")


@button
def fail(request: StaffRequest, row: "Ticket", check_id: str) -> str:
    check = access.staff_check_of(request.staff, row, check_id)
    staff_checks.fail(check=check, staff=request.staff, by=request.actor)
    return _("Noted. Do nothing for them today, and tell your lead.")


@button
def carry_out(request: StaffRequest, row: "Ticket", check_id: str) -> str:
    check = access.staff_check_of(request.staff, row, check_id)
    staff_checks.carry_out(check=check, staff=request.staff, by=request.actor)
    return _("Done. They were told by e-mail.")


# --- their manager ----------------------------------------------------------------------------------------------------
@require_GET
@manager
@in_practice_time
def waiting(request: StaffRequest) -> HttpResponse:
    """Colleagues whose second step IT wants to take off: a manager agrees, or leaves it."""
    rows = StaffCheck.objects.filter(
        practice_id=request.staff.practice_id, outcome=AttemptOutcome.PASSED, approved_at=None, consumed_at=None,
        purpose=StaffPurpose.SECOND_STEP, expires_at__gt=clock.now(),
    ).select_related("subject", "office", "agent").order_by("-ended_at")  # fmt: skip
    shown = [row for row in rows if staff_checks.may_approve(request.staff, row)]
    return render(request, "triage/staff_checks.html", {"rows": shown})


@require_POST
@manager
def approve(request: StaffRequest, check_id: str) -> HttpResponse:
    check = StaffCheck.objects.filter(practice_id=request.staff.practice_id, public_id=check_id).first()
    if check is None or not staff_checks.may_approve(request.staff, check):
        raise NotFound  # as the list has it: another office's checks do not exist
    try:
        staff_checks.approve(check=check, staff=request.staff, by=request.actor)
    except AppError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Approved. IT can go on now."))
    return redirect("triage:staff-checks")
