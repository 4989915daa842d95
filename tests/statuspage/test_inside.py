"""SP-05: the same event with other words for staff, one office and IT; none of those words ever leaves the house."""

import datetime as dt
import json

import pytest
import time_machine
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.test import Client

from portal_core.kernel import clock
from portal_core.kernel.models import OutboxMessage
from portal_core.notify.models import Delivery, Message
from statuspage.actions import components, entry_points, incidents, maintenances, snapshots
from statuspage.contracts import AudienceWording
from statuspage.enums import Audience
from statuspage.models import AudienceText
from statuspage.queries import inside
from statuspage.snapshot import store
from statuspage.urls import DOCUMENTS
from tests.cast import signed_in
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare, subscriber

PATH = "/desk/status/inside/"


def wordings(office: str, tag: str = "") -> tuple[AudienceWording, ...]:
    return (
        AudienceWording(audience=Audience.STAFF, body=f"canary-staff{tag}"),
        AudienceWording(audience=Audience.OFFICE, office_id=office, body=f"canary-office{tag}"),
        AudienceWording(audience=Audience.IT, body=f"canary-it{tag}"),
    )


def broken(cast, **fields: object):
    return incidents.declare(
        name="Video visits do not start", body="Please hold visits by phone.",
        components={component("telehealth").public_id: "major_outage"}, texts=wordings(cast.north.public_id), by=OMAR,
        key="inside", **fields,
    )  # fmt: skip


def seen_by(staff) -> set[str]:
    page = signed_in(staff).get(PATH).content.decode()
    assert "Please hold visits by phone." in page
    return {word for word in ("canary-staff", "canary-office", "canary-it") if word in page}


def test_each_reader_gets_the_words_for_them(page, cast):
    """SP-05: olivia works at the north office, ian at IT, carla elsewhere in the practice."""
    broken(cast)

    assert seen_by(cast.olivia) == {"canary-staff", "canary-office"}
    assert seen_by(cast.ian) == {"canary-staff", "canary-it"}
    assert seen_by(cast.omar) == {"canary-staff", "canary-it"}
    assert seen_by(cast.ana) == {"canary-staff", "canary-office"}  # for the whole practice
    assert seen_by(cast.oscar) == {"canary-staff"} | ({"canary-office"} if works_north(cast.oscar, cast) else set())


def works_north(staff, cast) -> bool:
    return staff.role_assignments.filter(office=cast.north).exists()


def test_strangers_and_patients_stay_outside(page, cast):
    broken(cast)

    assert Client().get(PATH).status_code == 302
    assert "canary" not in signed_in(cast.pat).get(PATH, follow=True).content.decode()


def test_what_to_do_now_stands_first_and_old_news_is_gone(page, cast):
    """TH-31"""
    own = component("telehealth").public_id
    entry_points.save(component_id=own, kind="phone", title="Dial in", target="+1 555 010 0100", by=OMAR)
    summary = broken(cast)
    html = signed_in(cast.carla).get(PATH).content.decode()
    assert html.index("Dial in") < html.index("Please hold visits by phone.")
    assert "tel:+15550100100" in html

    incidents.resolve(incident_id=summary.id, body="All well.", by=OMAR)

    html = signed_in(cast.carla).get(PATH).content.decode()
    assert "Nothing is wrong" in html
    assert "canary" not in html
    assert "Dial in" not in html


def test_work_that_is_near_is_shown_and_work_that_is_far_is_not(page, cast):
    now = clock.now()
    for name, days in (("New relay servers", 3), ("A move", 30)):
        maintenances.schedule(
            name=name, body="We work at night.", component_ids=[component("telehealth").public_id],
            scheduled_for=now + dt.timedelta(days=days), scheduled_until=now + dt.timedelta(days=days, hours=1),
            by=OMAR, key=name,
        )  # fmt: skip
    html = signed_in(cast.carla).get(PATH).content.decode()

    assert "New relay servers" in html
    assert "A move" not in html


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_costs_the_same_for_one_and_three(page, cast, rows, django_assert_max_num_queries):
    for number in range(rows):
        declare(f"Problem {number}", telehealth="major_outage", ehr="partial_outage")
    AudienceText.objects.create(
        update=incidents.Incident.objects.first().updates.first(), audience="staff", body="More"
    )  # fmt: skip
    client = signed_in(cast.carla)
    with django_assert_max_num_queries(15):
        assert client.get(PATH).status_code == 200


# --- the proof ----------------------------------------------------------------------------------
def walk() -> str:
    """Every byte that was written for the public, the journal and the facts included."""
    files = [path for path in store.root().rglob("*") if path.is_file() and path.suffix != ".gz"]
    assert len(files) > 15
    return "\n".join(path.read_text(errors="replace") for path in files)


def rows_of(model) -> str:
    return "\n".join(repr(list(row.values())) for row in model.objects.values())


@pytest.mark.django_db(transaction=True)
async def test_no_internal_word_reaches_a_file_an_answer_a_message_or_a_frame(page, cast, drain):
    """SP-05: canaries through the real pipeline: declare, say more, correct, resolve."""
    from channels.routing import URLRouter

    from statuspage.routing import websocket_urlpatterns

    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), "/ws/status/")
    assert (await socket.connect())[0]
    office = cast.north.public_id
    sent = await sync_to_async(_through_the_pipeline)(cast, office, drain)
    frames = [await socket.receive_from(5)]
    while not await socket.receive_nothing(0.1):
        frames.append(await socket.receive_from(1))
    await socket.disconnect()

    assert len(frames) >= 3
    for place, text in {**sent, "frames": "\n".join(frames)}.items():
        assert "canary" not in text, place
        assert place == "frames" or "Please hold visits" in text or place in ("deliveries", "events"), place


def _through_the_pipeline(cast, office: str, drain) -> dict[str, str]:
    subscriber("reader@example.test")
    with time_machine.travel(clock.now(), tick=True):
        summary = broken(cast)
        incidents.post_update(
            incident_id=summary.id, status="identified", body="Please hold visits by phone, still.", components={},
            texts=wordings(office, "-again"), by=OMAR, key="again",
        )  # fmt: skip
        newest = incidents.queries.incident(summary.id)
        incidents.correct(update_id=newest.update_id, body="Please hold visits by phone, all day.", by=OMAR)
        drain()
    snapshots.refresh()
    assert AudienceText.objects.count() == 6
    client = Client()
    answers = {
        path: client.get(f"/{path}").content.decode() for path in DOCUMENTS if "incidents" in path or "his" in path
    }
    return {
        "files": walk(),
        "messages": rows_of(Message),
        "deliveries": rows_of(Delivery),
        "events": rows_of(OutboxMessage),
        "the page": client.get("/status/").content.decode(),
        "the incident": client.get(summary.url).content.decode(),
        "answers": json.dumps(answers),
    }


def test_another_practice_reads_none_of_it(page, cast):
    """An installation may serve several: what omar tells his staff, charlie's practice never sees."""
    incidents.declare(
        name="Video visits do not start", body="Please hold visits by phone.",
        components={component("telehealth").public_id: "major_outage"}, texts=wordings(cast.north.public_id),
        by=cast.omar.actor, key="ours",
    )  # fmt: skip

    assert seen_by(cast.ian) == {"canary-staff", "canary-it"}
    assert seen_by(cast.charlie) == set()


def test_a_part_that_was_retired_while_it_was_not_well_is_no_detour(page):
    """SP-05"""
    part = component("calendar-sync").public_id
    components.set_state(component_id=part, status="degraded_performance", by=OMAR)
    assert [row.facts.slug for row in inside.detours()] == ["calendar-sync"]

    components.retire(component_id=part, by=OMAR)

    assert inside.detours() == []
