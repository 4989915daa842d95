"""SP-02: what a subscriber asks to hear of is kept, counts after the yes alone, and is changed by the signed link."""

import datetime as dt

import pytest

from portal_core.notify.models import Message
from statuspage import access
from statuspage.actions import subscribers
from statuspage.contracts import Preferences
from statuspage.errors import ChoiceUnknown, ComponentUnknown, NothingChosen
from statuspage.models import ComponentGroup, Subscriber
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import component, declare, subscriber


def test_every_choice_is_kept_and_counts_only_after_the_yes(page, client, drain):
    incident = declare(telehealth="major_outage")
    group = ComponentGroup.objects.get(name="For patients")
    client.post(
        "/status/subscribe/",
        {
            "email": "ann@example.test", "components": [component("ehr").public_id], "groups": [group.public_id],
            "incident": incident.id, "kinds": ["incidents"], "minimum_impact": "major", "quiet_from": "22:00",
            "quiet_until": "07:30", "quiet_bypass": "", "language": "es", "time_zone": "America/Denver",
        },
    )  # fmt: skip
    drain()
    row = Subscriber.objects.get()
    assert (row.minimum_impact, row.language, row.incident) == ("none", "", None)
    assert Message.objects.get(template="statuspage/subscription_confirm").language == "es"
    shown = client.get(f"/status/confirm/{access.confirm_token(row)}/").content.decode()
    assert "22:00" in shown
    assert "Reset e-mails arrive late" in shown

    client.post(f"/status/confirm/{access.confirm_token(row)}/")

    row.refresh_from_db()
    assert [member.slug for member in row.components.all()] == ["ehr"]
    assert [member.name for member in row.groups.all()] == ["For patients"]
    assert row.incident is not None
    assert row.incident.public_id == incident.id
    assert (row.wants_incidents, row.wants_maintenances, row.wants_component_changes) == (True, False, False)
    assert (row.quiet_from, row.quiet_until, row.quiet_bypass) == (dt.time(22), dt.time(7, 30), False)
    assert (row.minimum_impact, row.language, row.time_zone) == ("major", "es", "America/Denver")


def test_the_manage_page_shows_and_keeps_every_choice(page, client):
    row = subscriber(
        quiet_from=dt.time(22), quiet_until=dt.time(7), quiet_bypass=False, minimum_impact="critical",
        time_zone="Asia/Tokyo", language="es", wants_maintenances=False,
    )  # fmt: skip
    url = f"/status/manage/{access.manage_token(row)}/"
    form = client.get(url).context["form"]
    typed = {name: form[name].value() for name in form.fields if form[name].value()}
    typed |= {"quiet_from": "22:00", "quiet_until": "07:00"}

    assert client.post(url, typed).status_code == 302

    row.refresh_from_db()
    assert (row.quiet_from, row.quiet_bypass, row.minimum_impact) == (dt.time(22), False, "critical")
    assert (row.time_zone, row.language, row.wants_maintenances) == ("Asia/Tokyo", "es", False)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"component_ids": ["nothinghere0"]}, ComponentUnknown),
        ({"group_ids": ["nothinghere0"]}, ComponentUnknown),
        ({"incident_id": "nothinghere0"}, ChoiceUnknown),
        ({"language": "xx"}, ChoiceUnknown),
        ({"time_zone": "Mars/Base"}, ChoiceUnknown),
        ({"preferences": Preferences(minimum_impact="dreadful")}, ChoiceUnknown),
        ({"preferences": Preferences(quiet_from=dt.time(22))}, ChoiceUnknown),
        ({"preferences": Preferences(incidents=False, maintenances=False)}, NothingChosen),
    ],
)
def test_choices_that_do_not_exist_are_refused_and_nothing_is_written(page, fields, refusal):
    with pytest.raises(refusal):
        subscribers.subscribe(address="ann@example.test", by=OMAR, **fields)
    assert Subscriber.objects.count() == 0


def test_half_of_the_quiet_hours_is_said_beside_the_field(page, client):
    answer = client.post("/status/subscribe/", {"email": "ann@example.test", "quiet_from": "22:00"})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["quiet_until"]
    assert b"<details" in answer.content
    assert b" open" in answer.content
