"""The honesty check: what it catches, and what it lets pass. Every line of text here is made up."""

import datetime as dt

import pytest
import time_machine

from statuspage import queries
from statuspage.actions import components, incidents, maintenances
from statuspage.enums import ComponentStatus
from statuspage.rules.lint import LintFacts, PartFacts, judge
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare

NOW = dt.datetime(2026, 11, 22, 9, 0, tzinfo=dt.UTC)
FINE = "Video visits drop after a minute for many patients. Please hold today's visits by phone."


def facts(**fields) -> LintFacts:
    values = {
        "now": NOW, "touched": ("major_outage",), "public_hosts": ("status.example.org",),
        "public_numbers": ("+1 217 555 0101",),
        "parts": (PartFacts(name="Patient portal", status="operational", covered=False),),
    }  # fmt: skip
    return LintFacts(**{**values, **fields})


def codes(text: str, name: str = "", **fields) -> list[str]:
    return [finding.code for finding in judge(text, facts(**fields), name=name)]


@pytest.mark.parametrize(
    "text",
    [
        FINE,
        "Since 14:30 EST on 22 November some pages of the Patient Portal open slowly. Try again after a minute.",
        "Patients see an error at sign-in. Clients of the North office can call +1 217 555 0101 meanwhile.",
        "We will restart the service on 2026-11-23 from 22:00 to 23:30. Save your notes before that, please.",
        "Reset e-mails arrive 20 to 30 minutes late. Check https://status.example.org/status/ before you ask again.",
        "We have not resolved it yet. Once it is resolved we will tell you here, at the latest by 16:00.",
        "Call 988 in a crisis. Appointments stay as they are, and nobody needs to book again today.",
        "Patient Portal and Patient Messages are slow. Therapists can write notes as usual meanwhile.",
        "Two of 3,500 reset links failed. About 10.5 percent of sign-ins need a second attempt right now.",
    ],
)
def test_honest_text_passes(text):
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "code", "excerpt"),
    [
        ("Write to jane.doe@mail.example if you cannot sign in to the portal today.", "email", "jane.doe@mail.example"),
        ("Call (217) 555-0188 if you cannot sign in to the portal today.", "phone", "(217) 555-0188"),
        ("Call +44 20 7946 0958 if you cannot sign in to the portal today.", "phone", "+44 20 7946 0958"),
        ("The chart with MRN 00482913 cannot be opened since this morning.", "record_number", "MRN 00482913"),
        ("The chart of patient ID: AB-48291 cannot be opened since noon.", "record_number", "patient ID: AB-48291"),
        ("People born 5/17/1980 see the wrong form when they sign in today.", "birth_date", "born 5/17/1980"),
        ("Records with DOB: 1980-05-17 cannot be opened since this morning.", "birth_date", "DOB: 1980-05-17"),
        ("Forms from 17.05.1980 cannot be opened in the portal at the moment.", "birth_date", "17.05.1980"),
        ("Mrs. Miller could not join her visit this morning, we look into it.", "name", "Mrs. Miller"),
        ("The patient Jane Roe could not join the visit this morning at nine.", "name", "patient Jane Roe"),
        ("Visits of Roe, Jane (1980) did not start this morning at nine.", "name", "Roe, Jane (1980"),
        ("The address 10.20.30.40 does not answer since nine this morning.", "ip_address", "10.20.30.40"),
        ("The address fe80::1a2b:3c does not answer since nine this morning.", "ip_address", "fe80::1a2b:3c"),
        ("Sign-in works again for {{ components }} since nine this morning.", "variable", "{{ components }}"),
        ("The problem is resolved and everybody can sign in to the portal.", "says_over", "is resolved"),
        ("The outage has been fixed. Everybody can sign in to the portal.", "says_over", "has been fixed"),
    ],
)
def test_what_must_not_go_out_blocks(text, code, excerpt):
    found = judge(text, facts())

    assert [(row.code, row.excerpt, row.blocking) for row in found] == [(code, excerpt, True)]
    assert found[0].message


@pytest.mark.parametrize(
    ("text", "code", "excerpt"),
    [
        ("The computer db-02 lost its disk and visits do not start today.", "host_name", "db-02"),
        ("Visits fail because auth.prod.internal does not answer any more.", "host_name", "auth.prod.internal"),
        ("Visits fail because login.vendor.example.com does not answer.", "host_name", "login.vendor.example.com"),
        ("After the change to 4.12.3 visits do not start on some tablets.", "version", "4.12.3"),
        ("PostgreSQL 16.4 did not come back after the nightly restart today.", "version", "PostgreSQL 16.4"),
        ("The case 48291337 shows that reminders go out twice since Monday.", "long_number", "48291337"),
        ("Looking into it.", "too_short", "Looking into it."),
        ("", "too_short", ""),
        ("We are aware of an issue and our engineers work on it.", "vague", "aware of an issue"),
        ("Some users may experience problems when they use our service today.", "vague", "Some users may"),
    ],
)
def test_what_helps_nobody_is_hinted_at(text, code, excerpt):
    assert [(row.code, row.excerpt, row.blocking) for row in judge(text, facts())] == [(code, excerpt, False)]


def test_the_name_of_the_event_is_read_too():
    assert codes(FINE, name="Mr Smith cannot sign in") == ["name"]


def test_while_watching_people_may_say_that_it_works_but_not_that_it_is_resolved():
    text = "The cause is fixed and visits start. We keep watching until 16:00."

    assert [(row.code, row.blocking) for row in judge(text, facts(status="monitoring"))] == [("says_over", False)]
    assert [
        row.blocking for row in judge("This is now resolved, visits start as usual.", facts(status="monitoring"))
    ] == [True]
    assert codes(text, status="resolved") == []


def test_a_text_that_goes_on_under_a_state_that_is_over():
    text = "We are still investigating why visits drop after one minute for many people."

    assert codes(text, status="resolved") == ["says_open"]
    assert codes(text, status="investigating") == []


def test_blocking_findings_come_first():
    found = judge("Ask db-02 about jane@mail.example please, she knows it all.", facts())

    assert [row.code for row in found] == ["email", "host_name"]


def test_the_page_is_judged_as_well():
    """SP-03: nobody reads "all well" over a part that is down."""
    parts = (
        PartFacts(name="EHR", status="major_outage", covered=False),
        PartFacts(name="Telehealth", status="major_outage", covered=True),
        PartFacts(name="Calendar sync", status="under_maintenance", covered=False),
    )
    found = judge(FINE, facts(parts=parts, touched=(), late=("New servers",)))

    assert [(row.code, row.excerpt, row.blocking) for row in found] == [
        ("green_incident", "", False),
        ("down_without_incident", "EHR", False),
        ("maintenance_late", "New servers", False),
    ]
    assert codes(FINE, touched=("operational",)) == ["green_incident"]
    assert codes(FINE, touched=(), status="resolved") == []
    assert codes(FINE, touched=(), kind="maintenance", status="scheduled") == []


def test_facts_are_read_from_the_page(page):
    with time_machine.travel(NOW, tick=False) as traveller:
        ids = {slug: component(slug).public_id for slug in ("ehr", "telehealth", "calendar-sync")}
        components.set_state(component_id=ids["ehr"], status="major_outage", by=OMAR)
        declare(telehealth="major_outage")
        maintenances.schedule(
            name="New servers", body="Short drops.", component_ids=[ids["calendar-sync"]], auto_complete=False,
            scheduled_for=NOW + dt.timedelta(hours=1), scheduled_until=NOW + dt.timedelta(hours=2), by=OMAR, key="m",
        )  # fmt: skip
        traveller.shift(dt.timedelta(hours=1))
        maintenances.run_due()
        assert queries.lint_facts().late == ()
        traveller.shift(dt.timedelta(hours=2))

        known = queries.lint_facts()
        assert (known.late, known.touched) == (("New servers",), ())
        assert {(row.name, row.covered) for row in known.parts if row.status != ComponentStatus.OPERATIONAL} == {
            ("EHR", False), ("Telehealth", True), ("Calendar sync", True),
        }  # fmt: skip
        assert "testserver" in known.public_hosts
        taken = queries.lint_facts(components={ids["ehr"]: "major_outage"})
        assert taken.touched == ("major_outage",)
        assert all(row.covered for row in taken.parts if row.status != ComponentStatus.OPERATIONAL)


def test_what_an_event_says_already_counts(page):
    summary = declare(telehealth="major_outage")
    assert queries.lint_facts(incident_id=summary.id, status="identified").touched == ("major_outage",)
    telehealth = component("telehealth").public_id
    known = queries.lint_facts(incident_id=summary.id, components={telehealth: "operational"})
    assert known.touched == ("operational",)
    incidents.resolve(incident_id=summary.id, body="Over.", by=OMAR)
    assert queries.lint_facts().parts[0].covered is False


def test_a_hostile_text_is_judged_quickly():
    """No pattern runs away on what somebody pastes."""
    pieces = (
        "a.",
        "1 ",
        "{{",
        "A",
        "not ",
        "::",
        "not is resolved ",
        "A-",
        "web-",
        "1.",
        "record    ",
        "born ",
        "{{  ",
    )
    for piece in (*pieces, "{{" + " " * 900, "MRN" + " " * 900, "patient" + " " * 900):
        judge((piece * 25_000)[:25_000], facts())


@pytest.mark.parametrize("rows", [1, 3])
def test_reading_the_facts_costs_the_same_for_one_and_three(page, rows, django_assert_num_queries):
    for number in range(rows):
        declare(f"Problem {number}", ehr="major_outage")

    with django_assert_num_queries(5):
        queries.lint_facts()
