"""Two workers, or a worker and a person, at the very same moment: what the clock asks for happens once."""

import datetime as dt

import pytest
import time_machine

from portal_core.kernel import clock
from statuspage.actions import drafts, incidents, maintenances, promises, series
from statuspage.enums import DraftState
from statuspage.models import Draft, Incident, IncidentUpdate
from tests.kernel.crowd import at_once
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import component, declare, events

pytestmark = pytest.mark.django_db(transaction=True)

MINUTE = dt.timedelta(minutes=1)


def plan(**fields):
    now = clock.now()
    values = {
        "name": "New servers", "body": "Short drops.", "component_ids": [component("telehealth").public_id],
        "scheduled_for": now + 90 * MINUTE, "scheduled_until": now + 120 * MINUTE, "by": OMAR, "key": "plan",
    }  # fmt: skip
    return maintenances.schedule(**{**values, **fields})


@pytest.mark.parametrize(
    ("minutes", "kind"), [(35, "reminder"), (91, "started"), (130, "completed")], ids=lambda value: str(value)
)
def test_two_workers_take_the_same_step_once(page, minutes, kind):
    plan(reminders=(60,))

    with time_machine.travel(clock.now() + minutes * MINUTE, tick=False):
        answers = at_once(maintenances.run_due, maintenances.run_due)

    assert sorted(answers) == [0, 1]
    assert list(IncidentUpdate.objects.order_by("pk").values_list("kind", flat=True)) == ["scheduled", kind]
    assert events() == 2


def test_a_person_and_the_clock_begin_it_at_once(page):
    summary = plan(reminders=())

    with time_machine.travel(clock.now() + 95 * MINUTE, tick=False):
        answers = at_once(
            maintenances.run_due,
            lambda: maintenances.post_update(incident_id=summary.id, status="in_progress", body="Go.", by=OMAR),
        )

    # Whoever comes second says something more about work that has begun, or finds nothing to do.
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    kinds = list(IncidentUpdate.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds in (["scheduled", "started"], ["scheduled", "started", "updated"])
    assert events() == len(kinds)


def test_two_presses_publish_a_draft_once(page):
    draft_id = drafts.save(content={"name": "Late mail", "body": "We look into it.", "components": {}}, by=OMAR)

    first, second = at_once(
        lambda: drafts.publish(draft_id=draft_id, by=OMAR), lambda: drafts.publish(draft_id=draft_id, by=INES)
    )

    assert first == second
    assert (Incident.objects.count(), events()) == (1, 1)


def test_two_workers_publish_a_draft_whose_time_has_come_once(page):
    draft_id = drafts.save(content={"name": "Late mail", "body": "We look into it.", "components": {}}, by=OMAR)
    drafts.schedule(draft_id=draft_id, publish_at=clock.now() + 5 * MINUTE, by=OMAR)

    with time_machine.travel(clock.now() + 6 * MINUTE, tick=False):
        answers = at_once(drafts.publish_due, drafts.publish_due)

    assert sorted(answers) == [0, 1]
    assert (Incident.objects.count(), events()) == (1, 1)
    assert Draft.objects.get().state == DraftState.PUBLISHED


def test_two_workers_ask_for_news_once(page):
    summary = declare()
    incidents.post_update(
        incident_id=summary.id, status="identified", body="Found.", components={}, by=OMAR,
        next_update_at=clock.now() + 10 * MINUTE,
    )  # fmt: skip

    with time_machine.travel(clock.now() + 11 * MINUTE, tick=False):
        assert sorted(at_once(promises.nudge_due, promises.nudge_due)) == [0, 1]

    assert events("statuspage.UpdateOverdue") == 1


def test_two_workers_make_a_series_ahead_once(page):
    first = clock.now().replace(microsecond=0) + 24 * 60 * MINUTE
    series.create(
        name="Weekly", body="Short.", rule="FREQ=WEEKLY", first_at=first, minutes=60, component_ids=[], by=OMAR, key="s"
    )
    before = Incident.objects.count()

    with time_machine.travel(clock.now() + 14 * 24 * 60 * MINUTE, tick=False):
        answers = at_once(series.make_ahead, series.make_ahead)

    assert sorted(answers) == [0, 2]
    assert Incident.objects.count() == before + 2
    assert Incident.objects.values("scheduled_for").distinct().count() == before + 2
