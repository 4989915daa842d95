"""Two people at the same moment: one wins, the other is told; one audit line, one event."""

import pytest

from portal_core.kernel import clock
from statuspage.actions import fan_out, incidents, snapshots
from statuspage.errors import IncidentAlreadyResolved
from statuspage.models import FanOut, Incident, IncidentUpdate, Snapshot
from statuspage.snapshot import store
from tests.kernel.crowd import at_once
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events, subscriber

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_people_resolve_at_once(page):
    summary = declare(telehealth="major_outage")

    answers = at_once(
        lambda: incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR),
        lambda: incidents.resolve(incident_id=summary.id, body="Done.", by=INES),
    )

    assert sorted(type(answer).__name__ for answer in answers) == ["IncidentAlreadyResolved", "IncidentSummary"]
    assert any(isinstance(answer, IncidentAlreadyResolved) for answer in answers)
    assert audit_actions() == ["incident:declare", "incident:resolve"]
    assert (events(), IncidentUpdate.objects.count()) == (2, 2)


def test_two_people_declare_the_same_proposal_at_once(page):
    def press():
        return declare(key="proposal-7")

    first, second = at_once(press, press)

    assert first == second
    assert (Incident.objects.count(), events()) == (1, 1)


def test_two_people_declare_different_things_at_once(page):
    answers = at_once(
        lambda: declare("Video is down", telehealth="major_outage"),
        lambda: declare("Sound is bad", telehealth="degraded_performance"),
        lambda: snapshots.refresh(),
    )

    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert component("telehealth").status == "major_outage"
    assert events() == 2
    # The last writer writes the last state, whoever woke first.
    loaded = store.load(store.current_name())
    assert {row["name"] for row in loaded.summary["incidents"]} == {"Video is down", "Sound is bad"}
    assert loaded.snapshot == Snapshot.objects.order_by("-pk").first().pk
    assert not Snapshot.objects.filter(written_at=None).exists()


def test_two_fan_outs_that_begin_at_once_see_each_other(page):
    """Two mails each, three allowed: one of the two is held, whoever was first."""
    page.storm_people = 3
    page.save()
    subscriber()
    subscriber()
    first, second = declare("One", telehealth="major_outage"), declare("Two", ehr="major_outage")
    now = clock.now()

    at_once(
        *(lambda row=row: fan_out.begin(update_id=row.update_id, kind="created", at=now) for row in (first, second))
    )

    assert sorted(FanOut.objects.values_list("state", flat=True)) == ["done", "held"]
