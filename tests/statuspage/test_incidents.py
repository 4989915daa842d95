import pytest

from statuspage import queries
from statuspage.actions import components, incidents
from statuspage.errors import (
    ComponentUnknown,
    IncidentAlreadyResolved,
    IncidentMoved,
    IncidentNotFound,
    StatusUnknown,
    TextMissing,
)
from statuspage.models import ComponentStateChange, Immutable, Incident, IncidentUpdate
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events


def test_sp_05_the_page_starts_with_its_six_parts_all_operational(page):
    assert [(row.group, row.slug, row.status) for row in queries.components()] == [
        ("For patients", "patient-portal", "operational"),
        ("For patients", "telehealth", "operational"),
        ("For patients", "secure-message-e-mail", "operational"),
        ("For the practice", "provider-portal", "operational"),
        ("For the practice", "calendar-sync", "operational"),
        ("For the practice", "ehr", "operational"),
    ]


def test_declaring_opens_an_incident_and_moves_its_components(page):
    """SP-01, SP-04: degraded performance is a state of its own."""
    summary = declare(telehealth="major_outage", calendar_sync="degraded_performance")

    assert (summary.status, summary.impact, summary.components) == (
        "investigating",
        "critical",
        ("Telehealth", "Calendar sync"),
    )
    assert component("telehealth").status == "major_outage"
    assert component("calendar-sync").status == "degraded_performance"
    assert component("ehr").status == "operational"
    assert queries.active_incidents() == [summary]
    assert audit_actions() == ["incident:declare"]
    assert events() == 1


def test_the_update_keeps_what_the_components_were_before_and_after(page):
    declare(telehealth="major_outage")

    update = IncidentUpdate.objects.get()
    assert update.affected_components == [
        {
            "code": component("telehealth").public_id,
            "name": "For patients - Telehealth",
            "old_status": "operational",
            "new_status": "major_outage",
        }
    ]
    assert (update.by_label, update.status) == ("Omar Staff", "investigating")


def test_declaring_twice_with_one_key_is_declaring_once(page):
    first = declare(key="proposal-1")
    second = declare(key="proposal-1", by=INES)

    assert second == first
    assert (Incident.objects.count(), IncidentUpdate.objects.count(), events()) == (1, 1, 1)
    assert audit_actions() == ["incident:declare"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"name": " \n "}, TextMissing),
        ({"body": ""}, TextMissing),
        ({"name": "x" * 256}, TextMissing),
        ({"components": {"nobody": "major_outage"}}, ComponentUnknown),
        ({"status": "resolved"}, StatusUnknown),
        ({"status": "exploded"}, StatusUnknown),
        ({"impact_override": "huge"}, StatusUnknown),
    ],
)
def test_a_refused_declaration_leaves_nothing_behind(page, change, error):
    fields = {"name": "Late mail", "body": "Soon.", "components": {}, **change}

    with pytest.raises(error):
        incidents.declare(**fields, by=OMAR, key="k")

    assert (Incident.objects.count(), events(), audit_actions()) == (0, 0, [])
    # The key is free again: the corrected form goes through.
    incidents.declare(name="Late mail", body="Soon.", components={}, by=OMAR, key="k")


def test_a_wrong_component_status_is_refused_and_nothing_moves(page):
    with pytest.raises(StatusUnknown):
        declare(telehealth="on_fire")

    assert component("telehealth").status == "operational"
    assert Incident.objects.count() == 0


def test_a_name_with_line_breaks_and_invisible_letters_becomes_one_plain_line(page):
    assert declare(name="Late\r\nmail\u200b  here\x00").name == "Late mail here"


def test_an_update_changes_only_the_components_it_names(page):
    summary = declare(telehealth="major_outage", ehr="partial_outage")

    after = incidents.post_update(
        incident_id=summary.id,
        status="monitoring",
        body="Visits start again.",
        components={component("telehealth").public_id: "degraded_performance"},
        by=INES,
    )

    assert (after.status, after.body) == ("monitoring", "Visits start again.")
    assert component("telehealth").status == "degraded_performance"
    assert component("ehr").status == "partial_outage"
    assert Incident.objects.get().monitoring_at is not None
    # The worst it reached is what it was; a partial recovery does not rewrite that.
    assert after.impact == "critical"


def test_resolving_puts_the_components_back(page):
    summary = declare(telehealth="major_outage")

    over = incidents.resolve(incident_id=summary.id, body="Done.", by=INES)

    assert (over.status, over.impact) == ("resolved", "critical")
    assert over.resolved_at is not None
    assert component("telehealth").status == "operational"
    assert queries.active_incidents() == []
    assert audit_actions() == ["incident:declare", "incident:resolve"]


def test_a_component_held_by_another_incident_stays_down(page):
    first = declare("Video is down", telehealth="major_outage")
    second = declare("Sound is bad", telehealth="degraded_performance")
    assert component("telehealth").status == "major_outage"

    incidents.resolve(incident_id=first.id, body="Done.", by=OMAR)
    assert component("telehealth").status == "degraded_performance"

    incidents.resolve(incident_id=second.id, body="Done.", by=OMAR)
    assert component("telehealth").status == "operational"


def test_the_second_of_two_people_who_resolve_is_told_and_nothing_happens_twice(page):
    summary = declare()
    incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)

    with pytest.raises(IncidentAlreadyResolved):
        incidents.resolve(incident_id=summary.id, body="Done too.", by=INES)

    assert audit_actions() == ["incident:declare", "incident:resolve"]
    assert (events(), IncidentUpdate.objects.count()) == (2, 2)


def test_an_update_written_on_an_old_view_is_refused_until_the_newer_one_was_read(page):
    summary = declare()
    newer = incidents.post_update(incident_id=summary.id, status="identified", body="Found.", components={}, by=INES)

    with pytest.raises(IncidentMoved):
        incidents.post_update(
            incident_id=summary.id,
            status="investigating",
            body="No idea.",
            components={},
            by=OMAR,
            seen=summary.update_id,
        )

    after = incidents.post_update(
        incident_id=summary.id, status="identified", body="More.", components={}, by=OMAR, seen=newer.update_id
    )
    assert after.body == "More."


def test_one_key_posts_one_update(page):
    summary = declare()
    for _ in range(2):
        incidents.post_update(
            incident_id=summary.id, status="identified", body="Found.", components={}, by=OMAR, key="press"
        )

    assert IncidentUpdate.objects.count() == 2


def test_an_unknown_incident_is_not_found(page):
    with pytest.raises(IncidentNotFound):
        incidents.resolve(incident_id="nothinghere0", body="Done.", by=OMAR)


def test_published_words_cannot_be_changed(page):
    declare()
    update = IncidentUpdate.objects.get()
    update.body = "We never said that."

    with pytest.raises(Immutable):
        update.save()
    with pytest.raises(Immutable):
        IncidentUpdate.objects.all().update(body="x")


def test_states_are_kept_as_intervals_that_touch(page):
    summary = declare(telehealth="major_outage")
    incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)

    rows = list(ComponentStateChange.objects.filter(component=component("telehealth")).order_by("pk"))
    assert [(row.old_status, row.new_status, row.cause) for row in rows] == [
        ("operational", "operational", "manual"),
        ("operational", "major_outage", "incident"),
        ("major_outage", "operational", "incident"),
    ]
    assert [row.ended_at for row in rows] == [rows[1].started_at, rows[2].started_at, None]
    assert rows[1].actor_label == "Omar Staff"


def test_setting_a_component_by_hand_is_published_once(page):
    changed = components.set_state(component_id=component("ehr").public_id, status="under_maintenance", by=OMAR)
    again = components.set_state(component_id=component("ehr").public_id, status="under_maintenance", by=OMAR)

    assert changed == again
    assert changed.label == "Under maintenance"
    assert audit_actions() == ["component:set_state"]
    assert events("statuspage.ComponentChanged") == 1


def test_a_component_set_by_hand_during_an_incident_is_not_undone_by_the_next_update(page):
    summary = declare(telehealth="major_outage")
    components.set_state(component_id=component("telehealth").public_id, status="operational", by=OMAR)

    incidents.post_update(incident_id=summary.id, status="monitoring", body="Watching.", components={}, by=OMAR)

    assert component("telehealth").status == "operational"


@pytest.mark.parametrize(("status", "error"), [("on_fire", StatusUnknown), ("operational", ComponentUnknown)])
def test_bad_input_for_a_component_is_refused(page, status, error):
    with pytest.raises(error):
        components.set_state(component_id="nothinghere0", status=status, by=OMAR)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_lists_cost_the_same_for_one_and_three(page, rows, django_assert_num_queries):
    for number in range(rows):
        declare(f"Problem {number}", telehealth="partial_outage", ehr="major_outage")

    with django_assert_num_queries(4):  # incidents, updates, corrections, claims with components
        assert len(queries.active_incidents()) == rows
    with django_assert_num_queries(1):
        assert len(queries.components()) == 6
