"""The Patient Portal Onboarding Tool: the list, one click each, and many at once (PC-48 to PC-51)."""

import pytest
from django.urls import reverse
from django.utils import timezone

from portal_core.access.actions import onboarding
from portal_core.access.enums import AccessLevel, InviteOutcome, PortalState
from portal_core.access.errors import NobodyChosen, TooManyChosen
from portal_core.access.models import AccessToken, OnboardingResult, OnboardingRun, PortalAccess
from portal_core.directory.enums import Role
from portal_core.directory.models import RoleAssignment, Staff
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import EmailChangeFactory, OnboardingResultFactory, OnboardingRunFactory, set_access
from tests.cast import make_patient
from tests.factories import PatientFactory


def url(name: str, *args: str) -> str:
    return reverse(f"access:{name}", args=args)


@pytest.fixture
def olivia(cast, staff_client):
    return staff_client(cast.olivia)


def outcomes(run_id: str) -> dict[str, str]:
    rows = OnboardingResult.objects.filter(run__public_id=run_id).select_related("patient")
    return {row.patient.first_name: row.outcome for row in rows}


# --- the list -------------------------------------------------------------------------------------------------------
def test_the_tool_lists_all_patients_of_the_office_with_their_status(cast, olivia):
    """PC-48, PC-57: shape, colour and word beside each name; what is missing stands there too."""
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)
    make_patient("Sue", cast.south, "MRN-SUE")

    page = olivia.get(url("onboarding")).content.decode()

    assert page.count('data-portal-state="') == 3
    assert f'id="patient-{cast.pat.public_id}" data-portal-state="active"' in page
    assert f'id="patient-{cast.paula.public_id}" data-portal-state="unactivated"' in page
    assert f'id="patient-{cast.piet.public_id}" data-portal-state="inactive"' in page
    assert "No e-mail address on file" in page
    assert "Sue" not in page, "another office's patient"
    assert "Patient Portal Onboarding Tool" in page


@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("", {"Pat", "Paula", "Piet"}),
        ("active", {"Pat"}),
        ("unactivated", set()),
        ("inactive", {"Paula", "Piet"}),
        ("not_enabled", {"Paula", "Piet"}),
        ("no_email", {"Piet"}),
        ("no_zip", set()),
        ("nonsense", {"Pat", "Paula", "Piet"}),
    ],
)
def test_the_list_can_be_narrowed_down(cast, olivia, state, names):
    """PC-48"""
    page = olivia.post(url("onboarding"), {"state": state}).content.decode()

    assert {name for name in ("Pat", "Paula", "Piet") if f"Patient, {name}<" in page} == names


def test_what_is_looked_for_never_stands_in_an_address(cast, olivia):
    page = olivia.post(url("onboarding"), {"q": "Paula"}).content.decode()

    assert "Patient, Paula<" in page
    assert "Patient, Pat<" not in page
    assert "?q=" not in page
    assert AuditEvent.objects.filter(action="patient:search").count() == 1


@pytest.mark.parametrize("who", ["carla", "ian", "ines", "omar", "ana"])
def test_only_the_office_has_the_tool(cast, staff_client, who):
    assert staff_client(getattr(cast, who)).get(url("onboarding")).status_code == 403


# --- one click ------------------------------------------------------------------------------------------------------
def test_a_click_on_the_red_rectangle_enables_access(cast, olivia):
    """PC-49"""
    assert "Not enabled" in olivia.get(url("onboarding")).content.decode()

    answer = olivia.post(url("onboarding-enable", cast.paula.public_id), headers={"HX-Request": "true"})

    assert 'data-portal-state="unactivated"' in answer.content.decode()
    row = PortalAccess.objects.get(patient=cast.paula)
    assert (row.level, row.enabled_by) == (AccessLevel.CAN_ACCESS, "Olivia Staff")


def test_without_an_e_mail_the_rectangle_says_what_to_do(cast, olivia):
    """PC-38"""
    answer = olivia.post(url("onboarding-enable", cast.piet.public_id), headers={"HX-Request": "true"})

    assert answer.status_code == 422
    assert "Put an e-mail address and a home zip code on file first." in answer.content.decode()
    assert not PortalAccess.objects.filter(patient=cast.piet, level=AccessLevel.CAN_ACCESS).exists()


def test_a_click_on_the_address_sends_the_invitation(cast, olivia, drain):
    """PC-50"""
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)

    olivia.post(url("onboarding-invite", cast.paula.public_id))
    drain()

    assert [row.address for row in Delivery.objects.all()] == ["paula@patients.example"]


@pytest.mark.parametrize("name", ["onboarding-enable", "onboarding-invite"])
def test_a_strangers_patient_is_not_there(cast, olivia, staff_client, name):
    for client, patient in ((olivia, cast.charlie_patient), (staff_client(cast.charlie), cast.paula)):
        assert client.post(url(name, patient.public_id)).status_code == 404 if client is olivia else True
    south = make_patient("Sue", cast.south, "MRN-SUE")
    assert olivia.post(url(name, south.public_id)).status_code == 404
    assert AccessToken.objects.count() == 0


# --- many at once ---------------------------------------------------------------------------------------------------
def begin(cast, *patients, key: str = "") -> str:
    return onboarding.begin(
        staff=cast.olivia, patient_ids=[row.public_id for row in patients], key=key, by=cast.olivia.actor
    )


def test_many_are_invited_and_each_row_says_what_became_of_it(cast, drain):
    """PC-51"""
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)
    no_zip = make_patient("Zoe", cast.north, "MRN-ZOE", zip="")
    set_access(no_zip, level=AccessLevel.CAN_ACCESS)
    no_mail = make_patient("Max", cast.north, "MRN-MAX", email="")
    set_access(no_mail, level=AccessLevel.CAN_ACCESS)
    run_id = begin(cast, cast.pat, cast.paula, cast.piet, no_zip, no_mail, cast.charlie_patient)

    assert onboarding.work(run_id=run_id) == 5
    drain()

    assert outcomes(run_id) == {
        "Pat": InviteOutcome.ACTIVE, "Paula": InviteOutcome.SENT, "Piet": InviteOutcome.NOT_ENABLED,
        "Zoe": InviteOutcome.NO_ZIP, "Max": InviteOutcome.NO_EMAIL,
    }  # fmt: skip
    assert Delivery.objects.count() == 1
    assert OnboardingRun.objects.get().finished_at is not None


def test_running_it_twice_sends_nothing_twice(cast, drain):
    """PC-51"""
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)
    first = begin(cast, cast.paula)
    onboarding.work(run_id=first)
    assert onboarding.work(run_id=first) == 0
    second = begin(cast, cast.paula)
    onboarding.work(run_id=second)
    drain()

    assert outcomes(second) == {"Paula": InviteOutcome.RECENT}
    assert Delivery.objects.count() == 1


def test_a_double_click_begins_one_run(cast):
    assert begin(cast, cast.paula, key="k") == begin(cast, cast.paula, key="k")
    assert OnboardingRun.objects.count() == 1


def test_what_a_crash_left_is_taken_up_by_the_sweep(cast):
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)
    run_id = begin(cast, cast.paula, cast.pat)
    OnboardingResult.objects.filter(patient=cast.pat).update(outcome=InviteOutcome.ACTIVE)

    assert onboarding.sweep() == 1
    assert outcomes(run_id)["Paula"] == InviteOutcome.SENT
    assert onboarding.sweep() == 0


def test_who_lost_the_role_meanwhile_invites_nobody(cast):
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)
    run_id = begin(cast, cast.paula)
    cast.olivia.role_assignments.all().delete()

    onboarding.work(run_id=run_id)

    assert outcomes(run_id) == {"Paula": InviteOutcome.GONE}
    assert AccessToken.objects.count() == 0


@pytest.mark.parametrize(("ids", "error"), [([], NobodyChosen), (["0" * 20], NobodyChosen), (["x"] * 1, NobodyChosen)])
def test_a_run_for_nobody_is_refused(cast, ids, error):
    with pytest.raises(error):
        onboarding.begin(staff=cast.olivia, patient_ids=ids, key="", by=cast.olivia.actor)
    assert OnboardingRun.objects.count() == 0


def test_a_run_for_too_many_is_refused(cast):
    with pytest.raises(TooManyChosen):
        onboarding.begin(staff=cast.olivia, patient_ids=[str(n) for n in range(5001)], key="", by=cast.olivia.actor)


def test_everybody_the_list_shows_is_invited_from_the_page(cast, olivia, staff_client):
    """PC-51: the page of the run shows the progress and who needs somebody; strangers do not see it."""
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)

    answer = olivia.post(url("onboarding-invite-many"), {"everybody": "1", "idempotency_key": "k"})

    run = OnboardingRun.objects.get()
    assert answer["Location"] == url("onboarding-run", run.public_id)
    onboarding.work(run_id=run.public_id)
    page = olivia.get(answer["Location"]).content.decode()
    assert "3 / 3" in page
    assert "Patient, Piet" in page
    assert staff_client(cast.oscar).get(answer["Location"]).status_code == 404
    assert staff_client(cast.ian).get(answer["Location"]).status_code == 403


def test_with_nobody_ticked_the_page_says_so(cast, olivia):
    page = olivia.post(url("onboarding-invite-many"), {}, follow=True).content.decode()

    assert "Choose at least one patient." in page


@pytest.mark.parametrize("rows", [1, 40])
def test_the_list_costs_the_same_for_few_and_many(cast, olivia, rows, django_assert_num_queries):
    for number in range(rows):
        patient = make_patient(f"P{number}", cast.north, f"MRN-{number}")
        set_access(patient, level=AccessLevel.CAN_ACCESS)
    with django_assert_num_queries(9):  # session, user, person, roles, offices, list, links, ledger, counts
        page = olivia.get(url("onboarding"))
    assert page.content.decode().count("data-portal-state=") == rows + 3
    assert PortalState.UNACTIVATED.value in page.content.decode()


def test_patients_whom_one_may_only_read_are_neither_listed_nor_invited(cast, staff_client):
    """A clinician of the whole practice works at the desk of one office: invitations are that office's alone."""
    RoleAssignment.objects.create(staff=cast.olivia, role=Role.CLINICIAN, office=None)
    sue = make_patient("Sue", cast.south, "MRN-SUE")
    for patient in (cast.paula, sue):
        set_access(patient, level=AccessLevel.CAN_ACCESS)
    olivia = Staff.objects.get(pk=cast.olivia.pk)

    run_id = onboarding.begin(
        staff=olivia, patient_ids=[cast.paula.public_id, sue.public_id], key="", by=cast.olivia.actor
    )

    assert set(outcomes(run_id)) == {"Paula"}
    assert "Sue" not in staff_client(olivia).get(url("onboarding")).content.decode()


def test_a_run_stops_when_its_author_is_gone_and_names_nobody_of_a_lost_office(cast, staff_client):
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)
    run_id = onboarding.begin(
        staff=cast.olivia, patient_ids=[cast.paula.public_id, cast.piet.public_id], key="", by=cast.olivia.actor
    )
    Staff.objects.filter(pk=cast.olivia.pk).update(is_active=False)
    onboarding.work(run_id=run_id)

    assert set(outcomes(run_id).values()) == {InviteOutcome.GONE}
    Staff.objects.filter(pk=cast.olivia.pk).update(is_active=True)
    assert "Piet" in staff_client(cast.olivia).get(url("onboarding-run", run_id)).content.decode()
    RoleAssignment.objects.filter(staff=cast.olivia).update(office=cast.south)
    page = staff_client(Staff.objects.get(pk=cast.olivia.pk)).get(url("onboarding-run", run_id)).content.decode()
    assert "Piet" not in page


def test_a_row_that_always_fails_is_given_up_and_named(cast, monkeypatch, caplog):
    def failing(patient, by):
        raise RuntimeError

    monkeypatch.setattr(onboarding, "_invite", failing)
    run_id = onboarding.begin(staff=cast.olivia, patient_ids=[cast.pat.public_id], key="", by=cast.olivia.actor)
    for _ in range(4):
        onboarding.sweep()
    assert outcomes(run_id) == {"Pat": InviteOutcome.PENDING}

    onboarding.sweep()
    assert outcomes(run_id) == {"Pat": InviteOutcome.FAILED}
    assert OnboardingRun.objects.get().finished_at is not None
    caplog.clear()
    onboarding.sweep()
    assert caplog.records == []


def test_who_is_on_hold_or_has_died_is_told_apart_from_who_left(cast):
    """PC-42, PC-51."""
    for patient in (cast.paula, cast.piet):
        set_access(patient, level=AccessLevel.CAN_ACCESS)
    EmailChangeFactory(patient=cast.paula, hold_until=timezone.now() + timezone.timedelta(hours=1))
    type(cast.piet).objects.filter(pk=cast.piet.pk).update(deceased=True)
    ids = [cast.paula.public_id, cast.piet.public_id]

    run_id = onboarding.begin(staff=cast.olivia, patient_ids=ids, key="", by=cast.olivia.actor)
    onboarding.work(run_id=run_id)

    assert outcomes(run_id) == {"Paula": InviteOutcome.ON_HOLD, "Piet": InviteOutcome.DECEASED}
    assert AccessToken.objects.count() == 0


def test_a_row_that_fails_keeps_no_other_waiting(cast, monkeypatch):
    set_access(cast.paula, level=AccessLevel.CAN_ACCESS)
    ids = [cast.pat.public_id, cast.paula.public_id]
    run_id = onboarding.begin(staff=cast.olivia, patient_ids=ids, key="", by=cast.olivia.actor)
    invite = onboarding._invite

    def failing(patient, by):
        if patient.pk == cast.pat.pk:
            raise RuntimeError
        return invite(patient, by)

    with monkeypatch.context() as broken:
        broken.setattr(onboarding, "_invite", failing)
        assert onboarding.sweep() == 1
    assert outcomes(run_id) == {"Pat": InviteOutcome.PENDING, "Paula": InviteOutcome.SENT}

    assert onboarding.sweep() == 1
    assert outcomes(run_id) == {"Pat": InviteOutcome.ACTIVE, "Paula": InviteOutcome.SENT}


def test_the_page_of_a_run_names_everybody_by_outcome_page_by_page(cast, staff_client):
    """PC-51: nobody is cut off silently; whom one may not see any more is not named; the read is in the ledger."""
    run = OnboardingRunFactory(practice=cast.practice, by=cast.olivia)
    for number in range(51):
        patient = PatientFactory(home_office=cast.north, last_name=f"Sent{number:02}")
        OnboardingResultFactory(run=run, patient=patient, outcome=InviteOutcome.SENT)
    OnboardingResultFactory(run=run, patient=cast.piet, outcome=InviteOutcome.NO_EMAIL)
    OnboardingResultFactory(run=run, patient=cast.charlie_patient, outcome=InviteOutcome.SENT)
    olivia, page = staff_client(cast.olivia), url("onboarding-run", run.public_id)

    first = olivia.get(page).content.decode()
    sent = olivia.get(page, {"outcome": "sent"}).content.decode()
    rest = olivia.get(page, {"outcome": "sent", "page": 2}).content.decode()

    assert ("Piet" in first, "Sent00" in first) == (True, False)
    assert ("Sent00" in sent, "Sent49" in sent, "Sent50" in sent, "Piet" in sent) == (True, True, False, False)
    assert ("Sent50" in rest, "Sent00" in rest, "Charlie" in rest) == (True, False, False)
    assert "Page 2 of 2" in rest
    assert AuditEvent.objects.filter(action="patient:list").count() == 3
