"""The identity check at the office desk: one button, one door. IT has no way in (TR-01)."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from helpdesk.actions import tickets
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind
from portal_core.directory.access import note_list_read, patient_for
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock, idempotency
from portal_core.kernel.errors import AppError
from triage import access, identity
from triage.actions import accounts, holds, letters, proofs, second_person, verification
from triage.enums import CallChannel, Method, Purpose, RedFlag, ReleaseEvidence
from triage.rules.purposes import CATEGORY_FOR
from triage.views.office import button, chosen
from triage.views.office_page import in_practice_time

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from triage.models import VerificationHold

verifier = staff_page(Permission.VERIFY_PATIENT)


@button
def begin(request: StaffRequest, row: "Ticket") -> None:
    verification.begin(
        ticket=row,
        staff=request.staff,
        channel=chosen(CallChannel, request.POST.get("channel")),
        purpose=chosen(Purpose, request.POST.get("purpose")),
        by=request.actor,
    )


@button
def method(request: StaffRequest, row: "Ticket", attempt_id: str) -> None:
    verification.record_method(
        attempt=access.attempt_of(request.staff, row, attempt_id),
        staff=request.staff,
        method=chosen(Method, request.POST.get("method")),
        on=request.POST.get("on") == "1",
        by=request.actor,
    )


@button
def red_flag(request: StaffRequest, row: "Ticket", attempt_id: str) -> None:
    verification.record_red_flag(
        attempt=access.attempt_of(request.staff, row, attempt_id),
        staff=request.staff,
        flag=chosen(RedFlag, request.POST.get("flag")),
        on=request.POST.get("on") == "1",
        by=request.actor,
    )


@button
def send_code(request: StaffRequest, row: "Ticket", attempt_id: str) -> str:
    """A code to the contact on file; the desk never sees it."""
    proofs.send_code(
        attempt=access.attempt_of(request.staff, row, attempt_id),
        staff=request.staff,
        method=chosen(Method, request.POST.get("method")),
        by=request.actor,
    )
    return _("The code is on its way. Say your words first, then let them read it to you.")


@button
def enter_code(request: StaffRequest, row: "Ticket", attempt_id: str) -> str:
    """What they read back: of a message, or of our letter, whose code is longer."""
    attempt = access.attempt_of(request.staff, row, attempt_id)
    typed = request.POST.get("code", "")[:20]
    enter = letters.enter if letters.is_letter_code(typed) else proofs.enter_code
    enter(attempt=attempt, staff=request.staff, typed=typed, by=request.actor)
    return _("The code is right.")


@button
def ask_in_portal(request: StaffRequest, row: "Ticket", attempt_id: str) -> str:
    attempt = access.attempt_of(request.staff, row, attempt_id)
    proofs.ask_in_portal(attempt=attempt, staff=request.staff, by=request.actor)
    return _("Their portal page asks them now. Let them open it and answer.")


@button
def complete(request: StaffRequest, row: "Ticket", attempt_id: str) -> str:
    attempt = access.attempt_of(request.staff, row, attempt_id)
    verification.complete(attempt=attempt, staff=request.staff, by=request.actor)
    return _("Verified.")


@button
def fail(request: StaffRequest, row: "Ticket", attempt_id: str) -> str:
    attempt = access.attempt_of(request.staff, row, attempt_id)
    verification.fail(attempt=attempt, staff=request.staff, by=request.actor)
    return _("Noted. Say only: “I could not complete the check.” Offer a visit or a letter.")


@button
def stop(request: StaffRequest, row: "Ticket", attempt_id: str) -> str:
    attempt = access.attempt_of(request.staff, row, attempt_id)
    verification.abandon(attempt=attempt, staff=request.staff, by=request.actor)
    return _("Stopped.")


# --- what was proved --------------------------------------------------------------------------------------------------
@button
def approve(request: StaffRequest, row: "Ticket", attestation_id: str) -> str:
    attestation = access.attestation_of(request.staff, row, attestation_id)
    second_person.approve(attestation=attestation, staff=request.staff, by=request.actor)
    return _("Approved.")


@button
def wait(request: StaffRequest, row: "Ticket", attestation_id: str) -> str:
    attestation = access.attestation_of(request.staff, row, attestation_id)
    second_person.wait_instead(attestation=attestation, staff=request.staff, by=request.actor)
    return _("The patient was told and can say no. Come back when the waiting time is over.")


@button
def send_link(request: StaffRequest, row: "Ticket", attestation_id: str) -> str:
    what = accounts.send_link(ticket=row, attestation_id=attestation_id, staff=request.staff, by=request.actor)
    return _("The %(what)s is on its way to the e-mail on file.") % {"what": what}


@button
def reset_second_step(request: StaffRequest, row: "Ticket", attestation_id: str) -> str:
    accounts.reset_second_step(ticket=row, attestation_id=attestation_id, staff=request.staff, by=request.actor)
    return _("Taken off. They sign in with their password alone, and should set up a new second step.")


@button
def shut_out(request: StaffRequest, row: "Ticket") -> str:
    """Somebody may be in their account: out at once, before anybody was checked."""
    accounts.shut_out(ticket=row, staff=request.staff, by=request.actor)
    return _("Whoever was signed in there is out. Now find out who it is, before you let anybody in again.")


# --- holds ------------------------------------------------------------------------------------------------------------
@button
def release_hold(request: StaffRequest, row: "Ticket") -> str:
    _release(request, access.hold_of(request.staff, row))
    return str(RELEASED)


RELEASED = gettext_lazy("Checks are possible again.")


@require_GET
@verifier
@in_practice_time
def hold_list(request: StaffRequest) -> HttpResponse:
    """Whom nobody may be taken for at the moment, and why; a manager of that office releases."""
    return _holds_page(request)


@require_POST
@verifier
@in_practice_time
def hold_release(request: StaffRequest, hold_id: str) -> HttpResponse:
    hold = access.hold_by_id(request.staff, hold_id)
    try:
        _release(request, hold)
    except AppError as error:
        return _holds_page(request, error)
    messages.success(request, RELEASED)
    return redirect("triage:holds")


def _release(request: StaffRequest, hold: "VerificationHold") -> None:
    """By what the manager pressed; a letter only with its code."""
    evidence = chosen(ReleaseEvidence, request.POST.get("evidence"))
    if evidence == ReleaseEvidence.LETTER:
        typed = request.POST.get("code", "")
        letters.release_hold(hold=hold, typed=typed, staff=request.staff, by=request.actor)
    else:
        holds.release(hold=hold, evidence=evidence, staff=request.staff, by=request.actor)


def _holds_page(request: StaffRequest, error: AppError | None = None) -> HttpResponse:
    now = clock.now()
    rows, waiting = identity.holds_seen_by(request.staff), identity.for_second_person(request.staff, now)
    note_list_read(request.staff, shown=len(rows) + len(waiting), searched=False)
    context = {
        "rows": rows,
        "waiting": waiting,
        "now": now,
        "error": error,
        "evidence": ReleaseEvidence.choices,
        "pattern": identity.pattern_of(request.staff.practice_id, now),
    }
    return render(request, "triage/holds.html", context, status=error.status if error is not None else 200)


# --- begun from a patient's page --------------------------------------------------------------------------------------
@require_POST
@verifier
def begin_for_patient(request: StaffRequest, patient_id: str) -> HttpResponse:
    """A check that another page asks for: on the patient's open request of that kind, or on a new one."""
    staff = request.staff
    patient = patient_for(staff, patient_id, to=Permission.VERIFY_PATIENT)
    purpose = chosen(Purpose, request.POST.get("purpose"))
    found = identity.open_ticket_for(patient, purpose, staff)
    if found is not None:
        return redirect("triage:office-ticket", found)
    in_person = request.POST.get("channel") == CallChannel.IN_PERSON
    intake = Intake(
        requester_kind=RequesterKind.PATIENT,
        category=Category(CATEGORY_FOR[purpose]),
        channel=Channel.STAFF if in_person else Channel.PHONE,
        body="",
        name=patient.name,
    )

    def deed() -> str:
        row = tickets.log_call(
            intake=intake, office=patient.home_office, staff=staff, patient=patient, by=request.actor
        )
        public_id: str = row.public_id
        return public_id

    scope, key = f"triage.begin:{staff.public_id}:{patient.pk}:{purpose}", request.POST.get("idempotency_key", "")
    return redirect("triage:office-ticket", idempotency.once(scope, key, deed))
