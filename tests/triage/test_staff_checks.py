"""IT verifies colleagues and providers, by call-back, and never a patient (TR-09, C6)."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from helpdesk.enums import Side
from portal_core.accounts.actions import second_step
from portal_core.accounts.models import Authenticator
from portal_core.kernel import clock
from portal_core.notify.models import Message
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import StaffCheckFactory, refresh
from triage import errors
from triage.actions import staff_checks
from triage.enums import AttemptOutcome, StaffMethod, StaffPurpose
from triage.models import StaffCheck

AT = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)


@pytest.fixture
def row(cast):
    return TicketFactory(
        office=cast.north, side=Side.IT, requester_kind="provider", category="STAFF_ACCESS", requester_name="Dr. Carla"
    )


@pytest.fixture
def check(cast, row):
    """`check()` is a check of Carla by Ian, under way."""

    def start(purpose=StaffPurpose.SIGN_OUT, subject=None, staff=None):
        staff = staff or cast.ian
        return staff_checks.begin(
            ticket=row, subject=subject or cast.carla, purpose=purpose, staff=staff, by=staff.actor
        )

    return start


def passed(cast, made):
    return staff_checks.succeed(check=made, method=StaffMethod.CALL_BACK, staff=cast.ian, by=cast.ian.actor)


def carry_out(cast, made):
    return staff_checks.carry_out(check=made, staff=cast.ian, by=cast.ian.actor)


def test_a_call_back_to_the_number_on_file_lets_it_end_the_sessions(cast, check, deeds):
    """TR-09: kept are how and when; no number, no patient."""
    made = check()
    assert (made.office, check().pk) == (cast.north, made.pk)
    passed(cast, made)
    before = cast.carla.user.session_epoch

    carry_out(cast, made)

    assert refresh(cast.carla.user).session_epoch == before + 1
    assert cast.north.phone not in str(vars(refresh(made)))
    assert [deed for deed in deeds() if deed.startswith("staff_check")] == [
        "staff_check:begin", "staff_check:pass", "staff_check:carry_out",
    ]  # fmt: skip
    assert Message.objects.filter(template="triage/staff_account").count() == (1 if cast.carla.email else 0)
    with pytest.raises(errors.AttestationRefused):
        carry_out(cast, made)


@pytest.mark.parametrize("who", ["olivia", "oscar", "ana", "omar", "charlie", "carla"])
def test_only_it_checks_colleagues(cast, row, who):
    staff = getattr(cast, who)
    with pytest.raises(errors.NotYourColleague):
        staff_checks.begin(ticket=row, subject=cast.dan, purpose=StaffPurpose.HELP, staff=staff, by=staff.actor)
    assert not StaffCheck.objects.exists()


def test_never_oneself_nor_a_stranger_nor_on_a_patients_ticket(cast, row, ticket):
    """C6: on a patient's ticket IT finds no check at all."""
    for subject, where in ((cast.ian, row), (cast.charlie, row), (cast.carla, ticket)):
        with pytest.raises(errors.NotYourColleague):
            staff_checks.begin(
                ticket=where, subject=subject, purpose=StaffPurpose.HELP, staff=cast.ian, by=cast.ian.actor
            )
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffCheckFactory(ticket=row, subject=cast.ian, agent=cast.ian)


@pytest.mark.parametrize(("seconds", "works"), [(899, True), (900, False)])
def test_it_holds_for_a_quarter_hour_to_the_second(cast, check, seconds, works):
    with time_machine.travel(AT, tick=False):
        made = passed(cast, check())
    with time_machine.travel(AT + dt.timedelta(seconds=seconds), tick=False):
        if works:
            carry_out(cast, made)
        else:
            with pytest.raises(errors.AttestationRefused):
                carry_out(cast, made)
    assert (refresh(made).consumed_at is not None) is works


def test_a_lost_second_step_takes_their_manager_too(cast, check):
    """Neither IT, nor the colleague, nor another office's manager agrees in their place."""
    user = cast.carla.user
    second_step.begin(user=user, by=cast.carla.actor)
    made = passed(cast, check(StaffPurpose.SECOND_STEP))
    with pytest.raises(errors.SecondPersonNeeded):
        carry_out(cast, made)
    for who in (cast.ian, cast.ines, cast.carla, cast.oscar, cast.olivia, cast.charlie):
        with pytest.raises(errors.SecondPersonNeeded):
            staff_checks.approve(check=made, staff=who, by=who.actor)
    assert Authenticator.objects.filter(user=user).exists()

    staff_checks.approve(check=made, staff=cast.ana, by=cast.ana.actor)
    carry_out(cast, made)

    assert not Authenticator.objects.filter(user=user).exists()


@pytest.mark.parametrize("agreed", ["agent", "subject"])
def test_the_database_takes_no_manager_who_is_part_of_it(cast, row, agreed):
    with pytest.raises(IntegrityError), transaction.atomic():
        StaffCheckFactory(
            ticket=row, subject=cast.carla, agent=cast.ian, outcome=AttemptOutcome.PASSED, approved_at=clock.now(),
            approved_by=cast.ian if agreed == "agent" else cast.carla,
        )  # fmt: skip


def test_three_failures_in_a_day_stop_it_for_that_colleague(cast, check):
    for _ in range(3):
        staff_checks.fail(check=check(), staff=cast.ian, by=cast.ian.actor)
    with pytest.raises(errors.StaffOnHold):
        check(staff=cast.ines)
    check(subject=cast.dan)


def test_a_second_colleague_of_it_does_not_cut_in(cast, check):
    made = check()
    with pytest.raises(errors.VerificationRunning):
        check(staff=cast.ines)
    with pytest.raises(errors.NotYourColleague):
        staff_checks.succeed(check=made, method=StaffMethod.CALL_BACK, staff=cast.ines, by=cast.ines.actor)
    with pytest.raises(errors.VerificationClosed):
        staff_checks.fail(check=passed(cast, made), staff=cast.ian, by=cast.ian.actor)


def test_the_whole_way_through_the_pages(cast, row, staff_client):
    """TR-09, C6: IT finds the colleague, calls back, the manager agrees, IT does it. No patient is on any page."""
    ian, ana = staff_client(cast.ian), staff_client(cast.ana)
    page = f"/triage/it/tickets/{row.public_id}/"
    assert "Carla" in ian.get(page).content.decode()
    assert "Nobody of that name" in ian.get(page, {"who": "Zzz"}).content.decode()
    ian.post(f"{page}colleague/", {"subject": cast.carla.public_id, "purpose": "second_step"})
    made = StaffCheck.objects.get()
    assert cast.north.phone_shown in ian.get(page).content.decode()
    ian.post(f"{page}colleague/{made.public_id}/yes/", {"method": "call_back"})
    ian.post(f"{page}colleague/{made.public_id}/do/")
    assert refresh(made).consumed_at is None
    assert "Carla" in ana.get("/triage/colleagues/").content.decode()
    assert staff_client(cast.ian).get("/triage/colleagues/").status_code == 403

    ana.post(f"/triage/colleagues/{made.public_id}/approve/")
    ian.post(f"{page}colleague/{made.public_id}/do/")

    assert refresh(made).consumed_at is not None
    assert cast.pat.last_name not in ian.get(page).content.decode()
    assert ian.post(f"{page}colleague/", {"subject": "x", "purpose": "help"}).status_code == 404
    assert staff_client(cast.charlie).post(f"/triage/colleagues/{made.public_id}/approve/").status_code in (403, 404)
