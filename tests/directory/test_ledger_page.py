"""The ledger's own page: for owners and privacy officers, of their practice alone, and itself in the ledger."""

import datetime as dt

import pytest
import time_machine

from portal_core.directory.enums import Role
from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.models import AuditEvent
from tests.factories import RoleAssignmentFactory

PAGE = "/desk/ledger/"
NOON = dt.datetime(2026, 3, 10, 17, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOON, tick=False):
        yield


def shown(answer) -> list[tuple[str, str, str]]:
    return [(row["line"].actor_label, row["what"], row["target"]) for row in answer.context["rows"]]


def wanted(**more) -> dict[str, str]:
    return {"since": "2026-03-03", "until": "2026-03-10", "who": "", "about": "patient:", "record": ""} | more


@pytest.fixture
def lines(cast):
    for days, who, patient in ((0, cast.olivia, cast.pat), (1, cast.carla, cast.piet), (8, cast.olivia, cast.pat)):
        at = NOON - dt.timedelta(days=days)
        audit.record("patient:read", by=who.actor, target=patient, at=at, fields=["phone"])
    stranger = Actor(kind=ActorKind.STAFF, id="x", label="Strange", practice_id=cast.charlie.practice_id)
    audit.record("patient:read", by=stranger, target=cast.charlie_patient, at=NOON)


def test_an_owner_sees_who_read_what_in_the_last_days(cast, staff_client, lines):
    answer = staff_client(cast.ana).get(PAGE)

    assert answer.status_code == 200
    reads = [row for row in shown(answer) if row[1] == "Patient: read"]
    assert reads == [
        (cast.olivia.name, "Patient: read", cast.pat.mrn), (cast.carla.name, "Patient: read", cast.piet.mrn),
    ]  # fmt: skip
    assert "Fields: phone" in " ".join(answer.content.decode().split())
    assert cast.pat.name not in answer.content.decode()


@pytest.mark.parametrize(
    ("look_for", "who"),
    [
        ({}, ["olivia", "carla"]),
        ({"since": "2026-03-01"}, ["olivia", "carla", "olivia"]),
        ({"who": "carla"}, ["carla"]),
        ({"record": "pat"}, ["olivia"]),
        ({"record": "nobody"}, []),
        ({"about": "staff:"}, []),
        ({"record": "charlie_patient"}, []),
    ],
)
def test_what_can_be_looked_for(cast, staff_client, lines, look_for, who):
    if "who" in look_for:
        look_for = {"who": getattr(cast, look_for["who"]).public_id}
    if hasattr(cast, look_for.get("record", "")):
        look_for = {"record": getattr(cast, look_for["record"]).mrn}

    answer = staff_client(cast.ana).post(PAGE, wanted(**look_for))

    assert [label for label, _what, _target in shown(answer)] == [getattr(cast, one).name for one in who]


def test_looking_is_itself_a_line_that_names_whose_record_it_was(cast, staff_client, lines):
    staff_client(cast.ana).post(PAGE, wanted(record=cast.pat.mrn))

    line = AuditEvent.objects.get(action="ledger:read")
    assert (line.actor_id, line.target_type) == (cast.ana.public_id, "directory.practice")
    assert line.facts == {
        "since": "2026-03-03", "until": "2026-03-10", "who": "", "about": "patient:", "record": cast.pat.public_id,
    }  # fmt: skip


def test_older_lines_follow_without_gap_or_double(cast, staff_client):
    audit.record_all(
        [audit.line("patient:read", by=cast.olivia.actor, target=cast.pat, at=NOON, number=n) for n in range(120)]
    )
    ana, seen, before = staff_client(cast.ana), [], ""
    for many in (50, 50, 20):
        answer = ana.post(PAGE, wanted(before=before))
        rows = answer.context["rows"]
        assert len(rows) == many
        seen += [row["line"].facts["number"] for row in rows]
        before = answer.context["after"]

    assert (before, seen) == (None, list(range(119, -1, -1)))


def test_a_span_that_ends_before_it_begins_is_told_beside_the_field(cast, staff_client, lines):
    answer = staff_client(cast.ana).post(PAGE, wanted(since="2026-03-10", until="2026-03-01", record="kept"))

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"until": ["This is before the first day."]}
    assert answer.context["form"]["record"].value() == "kept"
    assert not AuditEvent.objects.filter(action="ledger:read").exists()


@pytest.mark.parametrize(("who", "status"), [("ana", 200), ("olivia", 403), ("carla", 403), ("ines", 403)])
def test_who_may_look(cast, staff_client, who, status):
    assert staff_client(getattr(cast, who)).get(PAGE).status_code == status


def test_a_privacy_officer_begins_there(cast, staff_client):
    cast.carla.role_assignments.all().delete()
    RoleAssignmentFactory(staff=cast.carla, role=Role.PRIVACY_OFFICER, office=None)

    officer = staff_client(cast.carla)

    assert officer.get("/desk/")["Location"] == PAGE
    assert officer.get(PAGE).status_code == 200


def test_who_may_read_no_records_reads_no_name_of_a_patient(cast, staff_client):
    """A patient's own doings (sign-in, reply) are lines too, and the line keeps the name."""
    audit.record("patient:sign-in", by=cast.pat.actor, target=cast.pat, at=NOON)
    RoleAssignmentFactory(staff=cast.carla, role=Role.PRIVACY_OFFICER, office=None)  # a clinician of one office as well

    officer = staff_client(cast.carla).post(PAGE, wanted(about="patient:"))
    owner = staff_client(cast.ana).post(PAGE, wanted(about="patient:"))

    assert [(row["who"], row["who_id"]) for row in officer.context["rows"]] == [("a patient", cast.pat.public_id)]
    page = officer.content.decode()
    assert cast.pat.name not in page
    assert f"a patient {cast.pat.public_id}" in page
    assert [row["who"] for row in owner.context["rows"]] == [cast.pat.name]
