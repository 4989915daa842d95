"""A failing probe becomes the draft of an incident, or an incident where that was chosen (SP-01, SP-05)."""

import datetime as dt
import socket
import threading

import pytest
import time_machine
from django.db import transaction

from ops import probes, tasks, workflows
from portal_core import notify
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.enums import ActorKind
from statuspage import queries
from statuspage.actions import drafts, incidents, measurements, pages
from statuspage.enums import DraftState
from statuspage.queries import authoring
from statuspage.queries import measurements as measured
from tests.statuspage.factories import declare, mails, subscriber

BEGIN = dt.datetime(2026, 11, 22, 10, 0, tzinfo=dt.UTC)
OMAR = Actor(kind=ActorKind.STAFF, id="omar", label="Omar")


@pytest.fixture
def page(db: None) -> None:
    with time_machine.travel(BEGIN - dt.timedelta(hours=1), tick=False):
        pages.set_up(name="Larkfield", by=SYSTEM)


def play(answers: str, *, slug: str = "telehealth", begin: dt.datetime = BEGIN) -> dt.datetime:
    """One round a minute, "+" answers and "-" does not; returns the moment of the last."""
    for minute, answer in enumerate(answers):
        with time_machine.travel(begin + dt.timedelta(minutes=minute), tick=False):
            measurements.record({slug: 20.0 if answer == "+" else None}, at=clock.now())
            workflows.look_after([slug])
    return begin + dt.timedelta(minutes=len(answers) - 1)


def waiting() -> list[tuple[str, str]]:
    return [(row.content["name"], row.by_label) for row in authoring.drafts()]


DRAFT = ("Telehealth does not answer", "Automatic check")


@pytest.mark.parametrize(
    ("answers", "found"),
    [
        ("+++", []),
        ("+--", []),
        ("+--+--+", []),
        ("+---", [DRAFT]),
        ("+------", [DRAFT]),
        ("+---++---++---", [DRAFT]),
        ("+---" + "+" * 10, []),
        ("+---" + "+" * 10 + "---", [DRAFT]),
    ],
)
def test_three_failures_make_one_draft_an_episode(page, answers, found):
    play(answers)

    assert waiting() == found
    assert queries.active_incidents() == []
    assert {row.status for row in queries.components()} == {"operational"}


def test_the_draft_publishes_as_it_stands(page):
    play("---")
    (draft,) = authoring.drafts()

    summary = drafts.publish(draft_id=draft.public_id, by=OMAR)

    assert (summary.name, summary.components, summary.impact) == (DRAFT[0], ("Telehealth",), "critical")
    play("+" * 12, begin=BEGIN + dt.timedelta(minutes=3))
    assert queries.incident(summary.id).status == "investigating"  # a person published it, a person ends it


def test_a_draft_that_a_person_works_on_is_left_alone(page):
    play("---")
    (draft,) = authoring.drafts()
    drafts.save(draft_id=draft.public_id, content={**draft.content, "body": "My words"}, by=OMAR)

    play("+" * 12, begin=BEGIN + dt.timedelta(minutes=3))

    assert authoring.draft(draft.public_id).state == DraftState.DRAFT


def test_a_draft_that_was_put_away_does_not_come_back_in_the_same_episode(page):
    play("---")
    drafts.discard(draft_id=authoring.drafts()[0].public_id, by=OMAR)

    play("---------", begin=BEGIN + dt.timedelta(minutes=3))

    assert waiting() == []


def test_what_is_known_or_being_worked_on_gets_no_draft(page):
    declare("We know", by=OMAR, telehealth="degraded_performance")
    play("-----")

    assert waiting() == []


def test_where_it_was_chosen_the_machine_publishes_follows_and_ends(page, settings):
    """SP-01, SP-02"""
    settings.STATUS_AUTO_PUBLISH = ["telehealth"]
    subscriber("reader@example.test")
    play("+---++---" + "+" * 10)

    (incident,) = queries.recent_incidents()
    assert waiting() == []
    assert [(row.status, row.body) for row in reversed(queries.updates_of(incident.id))] == [
        ("investigating", "Telehealth has not answered our checks for some minutes. We are looking into it."),
        ("monitoring", "Telehealth answers again. We keep watching."),
        ("investigating", "Telehealth does not answer again."),
        ("monitoring", "Telehealth answers again. We keep watching."),
        ("resolved", "Telehealth has answered all our checks for 10 minutes."),
    ]
    assert {row.status for row in queries.components()} == {"operational"}
    assert mails() == []  # nothing leaves before the worker runs


def test_the_machine_is_silent_once_a_person_spoke(page, settings):
    settings.STATUS_AUTO_PUBLISH = ["telehealth"]
    play("---")
    (incident,) = queries.active_incidents()
    incidents.post_update(incident_id=incident.id, status="identified", body="We know why.", components={}, by=OMAR)

    play("+" * 12, begin=BEGIN + dt.timedelta(minutes=3))

    assert queries.incident(incident.id).status == "identified"


def test_an_episode_older_than_what_is_kept_makes_nothing_new(page):
    with time_machine.travel(BEGIN - dt.timedelta(hours=48), tick=False):
        measurements.record({"telehealth": None}, at=clock.now())
    play("---")

    assert waiting() == []


def test_a_round_takes_times_and_knows_what_fails(page, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:9"
    tasks.probe()

    kept = {slug: measured.answers(slug) for slug in ("patient-portal", "telehealth", "ehr")}
    assert {slug: [ok for _at, ok in rows] for slug, rows in kept.items()} == {
        "patient-portal": [False], "telehealth": [False], "ehr": [True],
    }  # fmt: skip


def test_the_relay_is_asked_by_stun(settings):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as relay:
        relay.bind(("127.0.0.1", 0))
        relay.settimeout(5)

        def answer() -> None:
            request, who = relay.recvfrom(100)
            relay.sendto(b"\x01\x01\x00\x00" + request[4:20], who)

        answering = threading.Thread(target=answer)
        answering.start()
        probes._relay(f"turn:127.0.0.1:{relay.getsockname()[1]}")
        answering.join()


def test_mail_that_waits_for_a_quarter_of_an_hour_is_a_failure(page):
    probes.mail()
    with transaction.atomic():
        notify.send(
            "ops/update_overdue", to=notify.Recipient(key="staff:omar", email="omar@example.test"), cause="probe",
            context={"name": "Something", "reason": "", "link": ""},
        )  # fmt: skip
    probes.mail()

    with (
        time_machine.travel(clock.now() + dt.timedelta(minutes=16), tick=False),
        pytest.raises(probes.NotWorking, match="mails are not going out"),
    ):
        probes.mail()
