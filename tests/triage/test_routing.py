"""The decision table of a practice: what may be changed, what stands, the dry run, and why a ticket landed here."""

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.actions import tickets
from helpdesk.enums import STAFF_CATEGORIES, Category, Side
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory
from triage import queries
from triage.actions import escalations, routing, verification
from triage.enums import PATIENT_LEVELS, CallChannel, Level, OfficeStep, Owner, Purpose, RelayReason
from triage.errors import EditRefused, FlagRefused, RoutingChanged
from triage.models import RoutingVersion
from triage.rules.dry_run import Sample, dry_run
from triage.rules.edits import difference, edited, objections, table
from triage.rules.routing import RequestFacts, checks, decide
from triage.rules.table import ROUTES

PAGE = "/triage/routing/"


def values(code=Category.LOGIN_UID, **changes):
    row = ROUTES[code]
    same = {
        "owner": str(row.owner), "level": str(row.level), "steps": [str(step) for step in row.steps],
        "reasons": [str(reason) for reason in row.reasons], "office_does": row.office_does,
        "relay_when": row.relay_when,
    }  # fmt: skip
    return {**same, **changes}


def typed(**changes):
    row = ROUTES[Category.LOGIN_UID]
    same = {
        "owner": "office", "level": "r1", "office_does": row.office_does, "relay_when": row.relay_when, "note": "",
        "seen": "0", "do": "save",
    }  # fmt: skip
    return {**same, **changes}


@pytest.fixture
def change(cast):
    def run(code=Category.LOGIN_UID, seen=0, staff=None, note="", **changes):
        staff = staff or cast.ana
        return routing.edit(
            category=code, values=values(code, **changes), seen=seen, note=note, staff=staff, by=staff.actor
        )

    return run


@pytest.fixture
def ana(cast, staff_client):
    return staff_client(cast.ana)


# --- what stands ------------------------------------------------------------------------------------------------------
anything = st.fixed_dictionaries(
    {},
    optional={
        "owner": st.sampled_from([*Owner.values, "boss"]),
        "level": st.sampled_from([*Level.values, "r9"]),
        "steps": st.lists(st.sampled_from([*OfficeStep.values, "dance"]), max_size=4),
        "reasons": st.lists(st.sampled_from([*RelayReason.values, "mood"]), max_size=4),
        "office_does": st.sampled_from(["Look at it.", "", "Ask the patient to call support.", "x" * 400]),
        "relay_when": st.sampled_from(["Never.", "Tell them to phone IT."]),
    },
)


@given(code=st.sampled_from(list(Category)), edit=anything)
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_the_rules_of_the_contract_stand(code, edit):
    """TR-01 to TR-05: no check gets easier, no step or reason is lost, no patient is sent to IT or told to call."""
    base, row = ROUTES[code], edited(ROUTES[code], edit)

    if base.level == Level.RS:
        assert row.level == Level.RS
    else:
        assert PATIENT_LEVELS.index(row.level) >= PATIENT_LEVELS.index(base.level)
    assert set(row.steps) >= set(base.steps)
    assert set(row.reasons) >= set(base.reasons)
    assert bool(row.reasons) == bool(base.reasons)
    assert row.owner == Owner.IT or base.owner != Owner.IT or code not in STAFF_CATEGORIES
    assert row.owner != Owner.IT or base.owner == Owner.IT
    assert "call support" not in row.office_does
    assert "phone IT" not in row.relay_when or base.relay_when == row.relay_when
    assert objections(base, difference(base, row)) == ()
    assert edited(base, difference(base, row)) == row  # what is kept is what decides


def test_without_edits_the_shipped_table_decides():
    assert table({}) is ROUTES
    assert [objections(row, values(code)) for code, row in ROUTES.items()] == [()] * len(ROUTES)
    assert [difference(row, edited(row, values(code))) for code, row in ROUTES.items()] == [{}] * len(ROUTES)


@pytest.mark.parametrize(
    ("code", "edit", "field"),
    [
        (Category.LOGIN_PWD, {"level": "r1"}, "level"),  # TR-01
        (Category.LOGIN_PWD, {"level": "rs"}, "level"),
        (Category.STAFF_ACCESS, {"level": "r2"}, "level"),
        (Category.LOGIN_PWD, {"owner": "it"}, "owner"),  # TR-02, TR-03
        (Category.SEC_REPORT, {"owner": "office"}, "owner"),
        (Category.CLINICAL_URGENT, {"owner": "office"}, "owner"),
        (Category.LOGIN_PWD, {"steps": ["check_setup"]}, "steps"),  # TR-04
        (Category.LOGIN_PWD, {"reasons": []}, "reasons"),  # TR-05
        (Category.NAV_HELP, {"reasons": ["error_message"]}, "reasons"),
        (Category.LOGIN_PWD, {"office_does": "Ask the patient to call support."}, "office_does"),
        (Category.LOGIN_PWD, {"relay_when": "Give them the number of IT."}, "relay_when"),
        (Category.LOGIN_PWD, {"office_does": " "}, "office_does"),
    ],
)
def test_what_would_edit_the_contract_away_is_refused(cast, change, code, edit, field):
    with pytest.raises(EditRefused) as refused:
        change(code, **edit)

    assert [one["field"] for one in refused.value.facts["objections"]] == [field]
    assert not RoutingVersion.objects.exists()
    assert not AuditEvent.objects.filter(action="routing:edit").exists()


# --- what an edit does ------------------------------------------------------------------------------------------------
def test_an_edit_decides_at_the_desk_at_the_check_and_at_the_relay(cast, change, draft):
    """One table for all three; another practice keeps the shipped one."""
    ticket = TicketFactory(office=cast.north, patient=cast.pat, category=Category.LOGIN_UID, state="open")
    change(level="r3", steps=["check_setup", "track_delivery"], note="Two thefts in May")

    row = queries.table_of(cast.practice.pk)[Category.LOGIN_UID]
    assert (row.level, row.steps) == (
        Level.R3, (OfficeStep.VERIFY_IDENTITY, OfficeStep.CHECK_SETUP, OfficeStep.TRACK_DELIVERY),
    )  # fmt: skip
    assert queries.table_of(cast.elsewhere.pk) is ROUTES
    level = verification.base_level(Category.LOGIN_UID, Purpose.RESET, queries.table_of(cast.practice.pk))
    assert level == Level.R3
    flag = draft(category=Category.LOGIN_UID, reason=RelayReason.LOGIN_FAILS)
    with pytest.raises(FlagRefused) as refused:
        escalations.relay(ticket=ticket, draft=flag, staff=cast.olivia, by=cast.olivia.actor)
    fields = [fault["field"] for fault in refused.value.facts["faults"]]
    assert fields == ["step:check_setup", "step:track_delivery", "identity"]
    attempt = verification.begin(
        ticket=ticket, staff=cast.olivia, channel=CallChannel.PHONE, purpose=Purpose.RESET, by=cast.olivia.actor
    )
    assert attempt.level == Level.R3


def test_versions_follow_each_other_and_can_come_back(cast, change):
    first = change(level="r2")
    assert change(level="r2", seen=1).pk == first.pk  # the same again is no version
    change(Category.NAV_HELP, office_does="Show the map.", seen=1)
    with pytest.raises(RoutingChanged):
        change(level="r3", seen=1)
    with pytest.raises(Forbidden):
        change(level="r3", seen=2, staff=cast.olivia)
    routing.restore(number=1, seen=2, staff=cast.ana, by=cast.ana.actor)
    assert queries.table_of(cast.practice.pk)[Category.NAV_HELP] == ROUTES[Category.NAV_HELP]
    change(seen=3)  # as it ships
    routing.restore(number=0, seen=4, staff=cast.ana, by=cast.ana.actor)

    assert list(RoutingVersion.objects.order_by("number").values_list("number", "edits")) == [
        (1, {"LOGIN_UID": {"level": "r2", "steps": ["verify_identity", "check_setup"]}}),
        (2, {"LOGIN_UID": {"level": "r2", "steps": ["verify_identity", "check_setup"]},
             "NAV_HELP": {"office_does": "Show the map."}}),
        (3, {"LOGIN_UID": {"level": "r2", "steps": ["verify_identity", "check_setup"]}}),
        (4, {}),
        (5, {}),
    ]  # fmt: skip
    assert AuditEvent.objects.filter(action="routing:edit").count() == 5


def test_a_dry_run_counts_what_would_have_changed():
    facts = [RequestFacts(category="LOGIN_UID"), RequestFacts(category="LOGIN_UID", text="I was hacked")]
    samples = [Sample(f"R-{n}", f"id{n}", "North", fact) for n, fact in enumerate(facts)]
    then = table({"LOGIN_UID": {"owner": "clinic", "level": "r2"}})

    outcome = dry_run(samples, [], now=ROUTES, then=then)

    assert (outcome.tickets, outcome.changed, outcome.offices, outcome.flags) == (2, 2, (("North", 2),), 0)
    assert [row.said for row in outcome.examples] == [
        (
            "starts with Clinical staff instead of Office",
            "asks for “One proof” instead of “Find the chart”",
            "one step more: Verify the patient's identity",
        ),
        ("asks for “One proof” instead of “Find the chart”", "one step more: Verify the patient's identity"),
    ]
    assert dry_run(samples, [], now=then, then=then).changed == 0
    assert [dry_run(samples, [], now=then, then=then, most=most).most for most in (2, 3)] == [2, 0]


def test_a_dry_run_that_looked_at_the_newest_alone_says_so(cast, ana, monkeypatch):
    monkeypatch.setattr(queries, "SAMPLES", 2)
    for _ in range(3):
        TicketFactory(office=cast.north, category="LOGIN_UID")
    words = " ".join(ana.post(f"{PAGE}LOGIN_UID/", typed(level="r2", do="try")).content.decode().split())
    assert "of 2 tickets of the last 30 days" in words
    assert "only the newest 2 tickets and flags were looked at" in words


# --- pages ------------------------------------------------------------------------------------------------------------
def test_a_manager_tries_a_change_and_then_makes_it(cast, ana):
    TicketFactory.create_batch(2, office=cast.north, category=Category.LOGIN_UID)
    TicketFactory(office=cast.south, category=Category.LOGIN_PWD)
    TicketFactory(office=cast.elsewhere_office, category=Category.LOGIN_UID)
    FlagFactory(office=cast.north, sent_by=cast.olivia, category=Category.LOGIN_UID, steps_done=["check_setup"])

    tried = ana.post(f"{PAGE}LOGIN_UID/", typed(level="r2", more_steps=["track_delivery"], do="try")).content.decode()
    words = re.sub(r"\s+", " ", tried)
    assert re.search(r"(\d) of (\d) tickets of the last 30 days", words).groups() in (("2", "2"), ("3", "3"))
    assert "Of 1 flag sent, 1 would have come back" in words
    assert not RoutingVersion.objects.exists()
    assert 'value="r2" selected' in tried  # what was typed is kept

    answer = ana.post(f"{PAGE}LOGIN_UID/", typed(level="r2", note="Two thefts"))
    assert answer["Location"] == PAGE
    page = ana.get(PAGE).content.decode()
    assert "Two thefts" in page
    assert page.count("changed</span>") == 1
    again = ana.post(f"{PAGE}LOGIN_UID/", typed(level="r3"))
    assert again.status_code == 409
    assert ana.post(f"{PAGE}LOGIN_UID/", typed(level="r0", seen="1")).status_code == 422
    sends = typed(seen="1", office_does="Ask the patient to call support.")
    assert "take a message and relay it (TR-02)" in ana.post(f"{PAGE}LOGIN_UID/", sends).content.decode()

    assert ana.post(f"{PAGE}versions/0/restore/", {"seen": "1"})["Location"] == PAGE
    assert ana.post(f"{PAGE}versions/9/restore/", {"seen": "2"}).status_code == 404
    assert queries.table_of(cast.practice.pk) is ROUTES


def test_others_do_not_edit_it(cast, staff_client):
    for stranger in (cast.olivia, cast.oscar, cast.ian, cast.carla):
        assert staff_client(stranger).get(PAGE).status_code == 403
        assert staff_client(stranger).post(f"{PAGE}LOGIN_UID/", typed()).status_code == 403
    assert staff_client(cast.ana).get(f"{PAGE}NONSENSE/").status_code == 404


def test_the_sheet_and_its_export_are_the_practices_table(cast, change, staff_client):
    """HD-06, HD-16."""
    change(level="r2", office_does="Send the name to the phone on file.")
    olivia = staff_client(cast.olivia)

    page = olivia.get("/triage/reference/").content.decode()
    assert "Send the name to the phone on file." in page
    assert page.count("changed</span>") == 1
    answer = olivia.get("/triage/reference/export/")
    assert answer["Content-Disposition"] == 'attachment; filename="who-does-what.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [row["Code"] for row in rows] == [code.value for code in ROUTES]
    mine = next(row for row in rows if row["Code"] == "LOGIN_UID")
    assert (mine["Check"], mine["The office does"]) == ("One proof", "Send the name to the phone on file.")
    elsewhere = staff_client(cast.charlie).get("/triage/reference/").content.decode()
    assert "Send the name to the phone on file." not in elsewhere


# --- why is it here ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("facts", "asked", "owner"),
    [
        ({"text": "chest pain"}, 1, Owner.CLINIC),
        ({"text": "I was hacked"}, 2, Owner.SECURITY),
        ({"requester": "provider"}, 3, Owner.IT),
        ({"incident": "Mail is late"}, 4, Owner.OFFICE),
        ({"category": "ERROR_MSG"}, 5, Owner.OFFICE),
        ({"category": "ERROR_MSG", "patients_may_write_to_it": True}, 6, Owner.IT),
        ({"category": "BILLING"}, 6, Owner.BILLING),
    ],
)
def test_the_rules_are_told_in_the_order_they_were_asked(facts, asked, owner):
    facts = RequestFacts(**{"category": "LOGIN_PWD", **facts})

    told = checks(facts)

    assert len(told) == asked
    assert [check.owner for check in told] == [None] * (asked - 1) + [owner]
    assert decide(facts).owner == owner
    assert decide(facts).why[0] == told[-1].answer


def test_every_ticket_says_why_it_is_here(cast, change, staff_client, ticket):
    change(Category.LOGIN_PWD, level="r3")
    tickets.set_category(ticket=ticket, category=Category.LOGIN_UID, by=cast.olivia.actor)
    tickets.set_category(ticket=ticket, category=Category.LOGIN_PWD, by=cast.olivia.actor)
    tickets.hand_over(ticket=ticket, office=cast.south, by=cast.olivia.actor)
    why = f"/triage/office/tickets/{ticket.public_id}/why/"

    page = re.sub(r"\s+", " ", staff_client(cast.oscar).get(why).content.decode())

    for text in (
        "<strong>This kind of request starts with: Office.</strong>",
        "South is the patient&#x27;s home office.",
        'Two proofs and a second person <span class="muted">(as it ships: One proof)</span>',
        "Your practice changed this row: version 1",
        "Kind changed from “Forgot password” to “Forgot user name”",
        "Handed over from North to South",
    ):
        assert text in page, text
    assert staff_client(cast.olivia).get(why).status_code == 404
    assert staff_client(cast.ian).get(why).status_code == 403
    assert f'href="{why}"' in staff_client(cast.oscar).get(why.replace("why/", "")).content.decode()


def test_it_sees_why_for_what_was_written_to_it(cast, staff_client, ticket):
    row = TicketFactory(office=cast.north, side=Side.IT, requester_kind="provider", category=Category.STAFF_ACCESS)
    page = staff_client(cast.ian).get(f"/triage/it/tickets/{row.public_id}/why/").content.decode()

    assert "IT checks who they are (TR-09)" in page
    assert staff_client(cast.ian).get(f"/triage/it/tickets/{ticket.public_id}/why/").status_code == 404
