"""Every model has a factory, and what it makes is a row that the product could have made."""

import importlib

import factory
import pytest
from django.apps import apps
from django.db import connection, models

from tests.house.requirements_table import ROOT
from tests.house.states_page import OURS

FILES = sorted((ROOT / "tests").rglob("factories.py"))


def factories() -> dict[type[models.Model], type[factory.django.DjangoModelFactory]]:
    """The first factory of each model, over every tests/**/factories.py."""
    found: dict[type[models.Model], type[factory.django.DjangoModelFactory]] = {}
    for path in FILES:
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, factory.django.DjangoModelFactory):
                model = value._meta.model
                if model is not None and value.__module__ == module.__name__:
                    found.setdefault(model, value)
    return found


FACTORIES = factories()
MODELS = [model for model in apps.get_models() if model.__module__.split(".")[0] in OURS]


def faults(row: models.Model) -> list[str]:
    """What the database takes and the product would not write: a word that is none of the choices, a text too long."""
    found = []
    for field in row._meta.concrete_fields:
        value = field.value_from_object(row)
        if value is None:
            continue
        if field.choices and value not in dict(field.flatchoices) and not (field.blank and value == ""):
            found.append(f"{field.name}: {value!r} is no choice")
        if field.max_length and len(str(value)) > field.max_length:
            found.append(f"{field.name}: longer than {field.max_length}")
    return found


def test_every_model_has_a_factory():
    assert [model._meta.label for model in MODELS if model not in FACTORIES] == []


@pytest.mark.parametrize("model", [model for model in MODELS if model in FACTORIES], ids=lambda one: one._meta.label)
def test_a_factory_makes_two_valid_rows(db, model):
    made = FACTORIES[model]()
    FACTORIES[model]()

    connection.check_constraints()
    row = model._base_manager.get(pk=made.pk)
    assert faults(row) == []
    for field in row._meta.concrete_fields:  # the row in hand is the row in the database
        if not field.generated:
            assert field.value_from_object(made) == field.value_from_object(row), field.name


def test_a_word_that_is_no_choice_is_a_fault():
    practice = next(model for model in MODELS if model._meta.label == "directory.Practice")

    assert faults(practice(name="x" * 161, patient_support_mode="nonsense")) == [
        "name: longer than 160",
        "patient_support_mode: 'nonsense' is no choice",
    ]
