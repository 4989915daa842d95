"""SP-07: an operator can publish while the database is away; when it is back, it is worked in once."""

import datetime as dt
import json
import re

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from portal_core.kernel import clock, idempotency
from statuspage import queries, tasks
from statuspage.actions import incidents, journal, snapshots
from statuspage.errors import (
    ComponentUnknown,
    IncidentAlreadyResolved,
    IncidentNotFound,
    NothingPublishedYet,
    StatusUnknown,
    TextMissing,
)
from statuspage.models import Component, Incident, IncidentUpdate
from statuspage.rules import facts_json
from statuspage.rules.journal import lay_over
from statuspage.snapshot import codes, memory, store
from statuspage.snapshot import journal as file
from statuspage.views import break_glass
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, declare, events, mails, subscriber


@pytest.fixture
def published(page):
    """The page as a snapshot, as it stands on the disk of a running installation."""
    snapshots.refresh()
    return page


def say(body: str = "Visits do not start. Please call.", **fields: object) -> object:
    values = {
        "name": "Video visits do not start",
        "components": {"telehealth": "major_outage"},
        "status": "investigating",
    }
    return journal.publish(**{**values, "body": body, "by": "Omar", "via": "command", **fields})


def shown(path: str = "status/index.html") -> str:
    memory.invalidate()
    return memory.current().documents[path].body.decode()


def summary() -> dict:
    return json.loads(shown("api/v2/summary.json"))


# --- facts beside the snapshot ------------------------------------------------------------------
def test_facts_survive_the_way_through_json(published):
    declare("Mail is late")
    facts = queries.facts(now=clock.now())

    assert facts_json.load(facts_json.dump(facts)) == facts


def test_unknown_fields_of_another_version_are_passed_over(published):
    values = json.loads(store.facts_text())
    values["page"]["from_the_future"] = 1
    del values["page"]["support_text"]

    assert facts_json.load(json.dumps(values)).page.support_text == ""


# --- saying something ---------------------------------------------------------------------------
def test_what_is_said_is_on_the_page_and_asks_no_database(published, django_assert_num_queries):
    """SP-07"""
    with django_assert_num_queries(0):
        entry = say()

    assert "Video visits do not start" in shown()
    assert summary()["status"]["indicator"] == "major"
    (incident,) = summary()["incidents"]
    assert (incident["id"], incident["status"], incident["impact"]) == (entry.id, "investigating", "critical")
    assert incident["incident_updates"][0]["affected_components"][0]["new_status"] == "major_outage"
    assert "Please call." in shown(f"status/incidents/{entry.id}/index.html")
    assert Incident.objects.count() == 0


def test_an_incident_begun_in_the_journal_is_carried_on_and_ended_there(published):
    first = say()
    say("We found it.", incident_id=first.id, status="identified", components={"telehealth": "partial_outage"})
    assert [row["status"] for row in summary()["incidents"]] == ["identified"]

    say("It works again.", incident_id=first.id, status="resolved", components={})

    assert summary()["incidents"] == []
    assert summary()["status"]["indicator"] == "none"
    assert [row["status"] for row in summary()["components"] if row["name"] == "Telehealth"] == ["operational"]


def test_an_incident_of_the_database_is_carried_on_in_the_journal(published):
    known = declare("Mail is late", telehealth="partial_outage", ehr="partial_outage")
    other = declare("Charts are slow", ehr="degraded_performance")
    snapshots.write_pending()
    say("Fixed.", incident_id=known.id, status="resolved", components={})

    assert [row["id"] for row in summary()["incidents"]] == [other.id]
    states = {row["name"]: row["status"] for row in summary()["components"]}
    assert (states["Telehealth"], states["EHR"]) == (
        "operational",
        "degraded_performance",
    )  # as the other one says


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"body": " "}, TextMissing),
        ({"name": ""}, TextMissing),
        ({"status": "resolved"}, StatusUnknown),
        ({"status": "postmortem"}, StatusUnknown),
        ({"components": {"telehealth": "on fire"}}, StatusUnknown),
        ({"components": {"no-such-part": "major_outage"}}, ComponentUnknown),
        ({"incident_id": "nobody"}, IncidentNotFound),
    ],
)
def test_what_does_not_fit_is_refused_and_not_written(published, fields, refusal):
    with pytest.raises(refusal):
        say(**fields)

    assert file.read() == ([], {})
    assert summary()["incidents"] == []


def test_a_resolved_incident_takes_no_more_words(published):
    first = say()
    say("Done.", incident_id=first.id, status="resolved", components={})
    with pytest.raises(IncidentAlreadyResolved):
        say("More.", incident_id=first.id)


def test_without_a_page_there_is_nothing_to_add_to():
    with pytest.raises(NothingPublishedYet):
        say()


def test_a_torn_line_takes_nothing_with_it(published, caplog):
    first = say()
    with file.path().open("ab") as out:
        out.write(b'{"entry": {"id": "tor')  # a power cut in the middle of a write

    second = say("Still looking.", incident_id=first.id)

    assert [entry.id for entry in file.waiting()] == [first.id, second.id]
    assert "cannot be read" in caplog.text
    assert file.path().stat().st_mode & 0o777 == 0o600


# --- working it in ------------------------------------------------------------------------------
def test_worked_in_once_with_its_own_time_and_subscribers_told_once(published, drain):
    """SP-02, SP-07"""
    subscriber("reader@example.test")
    ten = (clock.now() + dt.timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    with time_machine.travel(ten, tick=False):
        snapshots.refresh()
        first = say()
    with time_machine.travel(ten + dt.timedelta(minutes=20), tick=False):
        say("We found it.", incident_id=first.id, status="identified", components={})
    with time_machine.travel(ten + dt.timedelta(minutes=40), tick=False):
        tasks.refresh_snapshot()
        tasks.refresh_snapshot()
        drain()

    row = Incident.objects.get()
    assert (row.name, row.status, row.started_at.isoformat()) == (
        "Video visits do not start", "identified", ten.isoformat(),
    )  # fmt: skip
    updates = IncidentUpdate.objects.order_by("pk")
    assert [(one.status, f"{one.display_at:%H:%M}", one.by_label) for one in updates] == [
        ("investigating", "10:00", "Omar (while the database was away)"),
        ("identified", "10:20", "Omar (while the database was away)"),
    ]
    assert f"{component('telehealth').state_changes.get(ended_at=None).started_at:%H:%M}" == "10:00"
    assert events() == 2
    assert [mail[0] for mail in mails()] == ["reader@example.test"] * len(mails())
    assert audit_actions() == [
        "status_journal:work_in", "incident:declare", "status_journal:work_in", "incident:update",
    ]  # fmt: skip
    assert file.waiting() == []
    assert [one["id"] for one in summary()["incidents"]] == [row.public_id]


def test_a_crash_between_the_rows_and_the_line_works_in_nothing_twice(published, monkeypatch):
    say()
    with monkeypatch.context() as crash:
        crash.setattr(file, "settle", lambda outcome: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            journal.work_in()
    assert len(file.waiting()) == 1
    snapshots.refresh()
    assert len(summary()["incidents"]) == 1  # in the rows and still in the journal, and shown once

    journal.work_in()

    assert file.waiting() == []
    assert Incident.objects.count() == 1
    assert IncidentUpdate.objects.count() == 1


def test_a_snapshot_drawn_from_the_rows_before_it_is_worked_in_still_shows_it(published):
    entry = say()
    with time_machine.travel(clock.now().timestamp() + 120):
        snapshots.refresh()

    assert [row["id"] for row in summary()["incidents"]] == [entry.id]
    assert lay_over(facts_json.load(store.facts_text()), []).incidents == ()


def test_an_entry_that_no_longer_fits_is_refused_kept_and_leaves_the_page(published, caplog):
    known = declare("Mail is late", telehealth="partial_outage")
    snapshots.write_pending()
    entry = say("Fixed.", incident_id=known.id, status="identified", components={})
    incidents.resolve(incident_id=known.id, body="Solved meanwhile.", by=OMAR)

    assert journal.work_in() == 1
    snapshots.write_pending()

    outcome = file.read()[1][entry.id]
    assert (outcome.incident_id, outcome.refusal) == ("", "incident_resolved")
    assert IncidentUpdate.objects.filter(body="Fixed.").count() == 0
    assert idempotency.result(file.SCOPE, entry.id) is None
    assert summary()["incidents"] == []


def test_nothing_said_is_nothing_done(published, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert journal.work_in() == 0


def test_what_another_open_incident_says_is_never_painted_better(published):
    """SP-07: the page shows at once what the actions will find."""
    known = declare("Charts are slow", ehr="degraded_performance")
    declare("Charts are gone", ehr="major_outage")
    snapshots.write_pending()
    say("Somewhat better.", incident_id=known.id, status="identified", components={"ehr": "operational"})
    before = {row["name"]: row["status"] for row in summary()["components"]}

    tasks.refresh_snapshot()
    snapshots.write_pending()

    assert before["EHR"] == "major_outage"
    assert {row["name"]: row["status"] for row in summary()["components"]} == before


def test_an_entry_that_cannot_be_worked_in_holds_up_nothing_else(published, monkeypatch, caplog):
    """SP-07"""
    first = say("Visits do not start.", name="Video")
    say("We found it.", incident_id=first.id, status="identified", components={})
    say("Please write.", name="Phones", components={})
    declaring = incidents.declare

    def declare_but_video(**values):
        if values["name"] == "Video":
            raise RuntimeError("a bug")
        return declaring(**values)

    with monkeypatch.context() as broken:
        broken.setattr(incidents, "declare", declare_but_video)
        with time_machine.travel(clock.now() + dt.timedelta(minutes=5)):
            assert tasks.refresh_snapshot() is True

    assert list(Incident.objects.values_list("name", flat=True)) == ["Phones"]
    assert [entry.body for entry in file.waiting()] == ["Visits do not start.", "We found it."]
    assert {row["name"] for row in summary()["incidents"]} == {"Video", "Phones"}
    assert "could not be worked in" in caplog.text

    journal.work_in()

    assert file.waiting() == []
    assert Incident.objects.get(name="Video").status == "identified"


# --- the command --------------------------------------------------------------------------------
def test_the_command_publishes_and_shows_what_waits(published, capsys):
    call_command("statuspage_journal", "Please call.", "--name", "No video", "--component", "telehealth=major_outage")
    said = capsys.readouterr().out
    entry_id = file.waiting()[0].id
    assert entry_id in said

    call_command("statuspage_journal")
    listed = capsys.readouterr().out

    assert re.search(rf"{entry_id} investigating +waits +No video", listed)
    assert re.search(r"^telehealth +major_outage$", listed, re.MULTILINE)
    with pytest.raises(CommandError, match="name and a message"):
        call_command("statuspage_journal", "No name.")


# --- the page behind a code ---------------------------------------------------------------------
FORM = {"incident": "new", "name": "No video", "status": "investigating", "body": "Please call."}


def test_a_code_publishes_once_without_a_database(published, django_assert_num_queries):
    """SP-07"""
    (code,) = codes.make("Omar", 1)
    codes.make("Ines", 1)
    client = Client()
    form = {**FORM, "code": code.lower().replace("-", " "), "component_telehealth": "major_outage"}
    with django_assert_num_queries(0):
        assert client.get("/status/break-glass/").status_code == 200
        first, second = (client.post("/status/break-glass/", form) for _ in range(2))

    assert (first.status_code, first["location"], second.status_code) == (302, "/status/", 403)
    (entry,) = file.waiting()
    assert (entry.by, entry.via, dict(entry.components)) == ("Omar", "break-glass", {"telehealth": "major_outage"})
    assert "No video" in shown()
    assert code not in (store.root() / "codes.json").read_text()
    assert (store.root() / "codes.json").stat().st_mode & 0o777 == 0o600


def test_bad_input_costs_no_code_and_keeps_what_was_typed(published):
    (code,) = codes.make("Omar", 1)
    answer = Client().post("/status/break-glass/", {**FORM, "code": code, "name": ""})

    assert answer.status_code == 422
    assert "Please call." in answer.content.decode()
    assert codes.owner(code) == "Omar"
    assert file.waiting() == []


def test_the_page_speaks_spanish_and_goes_on_in_it(published, django_assert_num_queries):
    """SP-07: asked for by the address or by the browser; no session is needed to remember it."""
    (code,) = codes.make("Omar", 1)
    with django_assert_num_queries(0):
        first = Client().get("/status/break-glass/", headers={"Accept-Language": "es"}).content.decode()
        shown = Client().get("/status/break-glass/?language=es").content.decode()
        refused = Client().post("/status/break-glass/?language=es", {**FORM, "code": "AAAA-BBBB"}).content.decode()
        done = Client().post("/status/break-glass/?language=es", {**FORM, "code": code})

    assert '<html lang="es"' in first
    for words in ("Publicar sin la base de datos", "Código de su hoja", "Un problema nuevo", 'href="/status/es/"'):
        assert words in shown
    assert "Ese código no es válido" in refused
    assert (done.status_code, done["location"]) == (302, "/status/es/")


def test_a_stranger_learns_nothing_and_is_slowed_down(published, monkeypatch):
    assert Client().get("/status/break-glass/").status_code == 404  # no codes were printed
    codes.make("Omar", 1)
    monkeypatch.setattr(break_glass, "tries", break_glass.Tries())
    answers = [Client().post("/status/break-glass/", {**FORM, "code": "AAAA-BBBB"}).status_code for _ in range(11)]

    assert answers == [403] * 10 + [429]
    assert file.waiting() == []


def test_codes_can_be_made_worthless(published, capsys):
    call_command("statuspage_codes", "--for", "Omar", "--count", "2")
    printed = re.findall(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){3}", capsys.readouterr().out)
    assert [codes.owner(code) for code in printed] == ["Omar", "Omar"]

    call_command("statuspage_codes", "--revoke-all")

    assert [codes.owner(code) for code in printed] == ["", ""]
    assert Component.objects.exists()
