"""SP-05. Parts and groups: added, renamed, moved, retired, by operators; each change is a new state of the page."""

import pytest

from statuspage import queries
from statuspage.actions import components, incidents, maintenances
from statuspage.errors import ComponentBusy, ComponentUnknown, GroupUnknown, TextMissing
from statuspage.models import Component, ComponentGroup, ComponentStateChange, Snapshot
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, declare
from tests.statuspage.test_maintenances import HOUR, NOON, clockwork, plan

__all__ = ["clockwork"]


def group(name: str) -> str:
    return ComponentGroup.objects.get(name=name).public_id


def ehr() -> str:
    return component("ehr").public_id


def order() -> list[tuple[str, str]]:
    return [(row.group, row.name) for row in queries.components() if row.group]


def test_a_new_part_stands_at_the_end_of_its_group_and_is_well(page):
    made = components.create(name="  E-prescribing ", description="Orders", group_id=group("For the practice"), by=OMAR)

    assert order()[-1] == ("For the practice", "E-prescribing")
    assert (made.slug, made.status, made.group) == ("e-prescribing", "operational", "For the practice")
    row = component("e-prescribing")
    assert (row.position, row.state_changes.get().ended_at) == (4, None)
    assert audit_actions() == ["component:create"]
    assert [facts.id for facts in queries.facts(now=row.created_at).components][-1] == made.id
    second = components.create(name="E-Prescribing!", by=OMAR)
    assert (second.slug, second.group) == ("e-prescribing-2", "")


def test_a_part_is_renamed_and_keeps_its_id(page):
    ehr = component("ehr")
    shots = Snapshot.objects.count()

    done = components.edit(component_id=ehr.public_id, name="Charts", description="Notes", clinical_priority=1, by=OMAR)
    components.edit(component_id=ehr.public_id, name="Charts", description="Notes", by=OMAR)

    assert (done.id, done.slug, done.name) == (ehr.public_id, "ehr", "Charts")
    assert (component("ehr").clinical_priority, component("ehr").showcase) == (1, True)
    assert audit_actions() == ["component:edit"]
    assert Snapshot.objects.count() == shots + 1


@pytest.mark.parametrize(("position", "place"), [(1, 0), (2, 1), (99, 3), (-5, 0)])
def test_a_part_moves_to_another_group(page, position, place):
    components.move(component_id=component("ehr").public_id, group_id=group("For patients"), position=position, by=OMAR)

    members = [name for title, name in order() if title == "For patients"]
    assert members.index("EHR") == place
    positions = Component.objects.filter(group__name="For patients").values_list("position", flat=True)
    assert sorted(positions) == [1, 2, 3, 4]


def test_a_part_moves_out_of_all_groups(page):
    moved = components.move(component_id=component("ehr").public_id, position=1, by=OMAR)

    assert moved.group == ""


def test_a_retired_part_leaves_the_page_and_stays_in_the_past(page):
    ehr = component("ehr").public_id
    past = declare("Charts are slow", ehr="degraded_performance")
    with pytest.raises(ComponentBusy):
        components.retire(component_id=ehr, by=OMAR)
    incidents.resolve(incident_id=past.id, body="Over.", by=OMAR)

    components.retire(component_id=ehr, by=OMAR)

    assert ehr not in {row.id for row in queries.components()}
    facts = queries.facts(now=component("ehr").updated_at)
    assert ehr not in {row.id for row in facts.components}
    assert facts.incidents[0].updates[-1].affected[0]["name"] == "For the practice - EHR"
    assert queries.incident(past.id).components == ("EHR",)
    for deed in (
        lambda: components.retire(component_id=ehr, by=OMAR),
        lambda: components.set_state(component_id=ehr, status="major_outage", by=OMAR),
        lambda: components.edit(component_id=ehr, name="x", by=OMAR),
        lambda: components.move(component_id=ehr, position=1, by=OMAR),
    ):
        with pytest.raises(ComponentUnknown):
            deed()
    assert ComponentStateChange.objects.filter(component__public_id=ehr, ended_at=None).count() == 1


def test_a_coming_maintenance_holds_its_part(clockwork):
    summary = plan("ehr")
    with pytest.raises(ComponentBusy):
        components.retire(component_id=component("ehr").public_id, by=OMAR)

    maintenances.cancel(incident_id=summary.id, body="Not needed.", by=OMAR, key="c")
    components.retire(component_id=component("ehr").public_id, by=OMAR)
    with pytest.raises(ComponentUnknown):
        plan("ehr", key="again", scheduled_until=NOON + HOUR)


def test_groups_are_made_renamed_moved_and_removed(page):
    made = components.create_group(name="For partners", by=OMAR)
    components.edit_group(group_id=made, name="Partners", description="Labs", by=OMAR)
    components.edit_group(group_id=made, name="Partners", description="Labs", by=OMAR)
    components.move_group(group_id=made, position=1, by=OMAR)

    rows = [(row.name, row.position) for row in queries.authoring.groups()]
    assert rows == [("Partners", 1), ("For patients", 2), ("For the practice", 3)]
    components.remove_group(group_id=group("For patients"), by=OMAR)
    assert component("telehealth").group is None
    assert len(queries.components()) == 6
    assert audit_actions() == [
        "component_group:create", "component_group:edit", "component_group:move", "component_group:remove",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("deed", "error"),
    [
        (lambda: components.create(name=" ", by=OMAR), TextMissing),
        (lambda: components.create(name="x" * 161, by=OMAR), TextMissing),
        (lambda: components.create(name="x\u202ey", by=OMAR), TextMissing),
        (lambda: components.create(name="x", group_id="nobody", by=OMAR), GroupUnknown),
        (lambda: components.edit(component_id="nobody", name="x", by=OMAR), ComponentUnknown),
        (lambda: components.edit(component_id=ehr(), name="", by=OMAR), TextMissing),
        (lambda: components.move(component_id=ehr(), group_id="no", position=1, by=OMAR), GroupUnknown),
        (lambda: components.create_group(name="", by=OMAR), TextMissing),
        (lambda: components.edit_group(group_id="nobody", name="x", by=OMAR), GroupUnknown),
        (lambda: components.move_group(group_id="nobody", position=1, by=OMAR), GroupUnknown),
        (lambda: components.remove_group(group_id="nobody", by=OMAR), GroupUnknown),
    ],
)  # fmt: skip
def test_a_refused_change_leaves_nothing_behind(page, deed, error):
    before = order()

    with pytest.raises(error):
        deed()

    assert (order(), audit_actions()) == (before, [])
