"""States, events and roles: nothing may be half declared."""

import inspect

import pytest
from django.apps import apps
from django.db import models

from portal_core.kernel import outbox
from portal_core.kernel.contracts import Event
from tests.house.states_page import OURS, PAGE, render, state_machines


def our_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if model.__module__.split(".")[0] in OURS]


def event_classes() -> list[type[Event]]:
    return [event for event in Event.registry.values() if event.__module__.split(".")[0] in OURS]


@pytest.mark.parametrize(("name", "states", "moves"), state_machines(), ids=lambda value: str(value)[:60])
def test_every_state_stands_in_its_transition_table_and_can_be_reached(name, states, moves):
    assert set(moves) == set(states), name
    reachable = {target for targets in moves.values() for target in targets}
    assert reachable <= set(states)
    assert len(set(states) - reachable) <= 1, f"{name}: more than one state that nothing leads to"


def test_the_transition_tables_were_found():
    assert len(state_machines()) >= 5


def test_the_page_of_states_is_drawn_from_the_tables():
    assert PAGE.read_text(encoding="utf-8") == render(), "run: .venv/bin/python -m tests.house.states_page"


@pytest.mark.parametrize("event", event_classes(), ids=lambda event: event.event_name())
def test_every_event_has_a_handler(event):
    assert outbox.handlers_of(event), f"{event.event_name()} is published to nobody"


@pytest.mark.parametrize("event", event_classes(), ids=lambda event: event.event_name())
def test_every_event_is_frozen_and_plain(event):
    assert event.__dataclass_params__.frozen
    assert not any(
        inspect.isclass(field.type) and issubclass(field.type, models.Model)
        for field in event.__dataclass_fields__.values()
    )


STOREY = {"portal_core": 0, "helpdesk": 1, "statuspage": 1, "telehealth": 1, "triage": 2, "ops": 3}
GROUND = ["kernel", "notify", "ui", "accounts", "directory", "access", "scheduling"]


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_foreign_keys_point_down_and_leave_no_reverse_name_above(model):
    """What import-linter cannot see: a key written as a string."""
    mine = model.__module__.split(".")[0]
    for field in model._meta.get_fields():
        if not isinstance(field, models.ForeignKey):
            continue
        other = field.related_model
        theirs = other.__module__.split(".")[0]
        if theirs not in OURS or other._meta.app_label == model._meta.app_label:
            continue
        assert STOREY[theirs] < STOREY[mine] or theirs == mine == "portal_core", field
        if theirs == mine == "portal_core":
            assert GROUND.index(other._meta.app_label) < GROUND.index(model._meta.app_label), field
        elif not field.one_to_one:
            assert field.remote_field.related_name == "+", f"{field}: a name on a lower storey's model"


@pytest.mark.parametrize("model", our_models(), ids=lambda model: model._meta.label)
def test_every_constraint_and_index_has_a_name_of_its_own_app_or_table(model):
    for index in model._meta.indexes:
        assert 0 < len(index.name) <= 30, index
