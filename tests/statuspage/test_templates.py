import pytest

from statuspage import queries
from statuspage.actions import incidents, templates
from statuspage.errors import (
    ComponentUnknown,
    StatusUnknown,
    TemplateNotFound,
    TextMissing,
    VariableOpen,
    VariableUnknown,
)
from statuspage.models import Template
from statuspage.rules import templating
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, events

BODY = "{{ components }} does not work since {{start}}. Meanwhile: {{ workaround }}"


def test_known_variables_are_filled_and_the_rest_stays_for_the_author():
    text = templating.fill(BODY, {"components": "Telehealth", "start": " 14:30 EST ", "cause": "unused"})

    assert text == "Telehealth does not work since 14:30 EST. Meanwhile: {{ workaround }}"
    assert templating.variables(BODY) == ("components", "start", "workaround")


def test_a_value_is_never_read_as_a_template():
    filled = templating.fill("{{ cause }} {{ end }}", {"cause": "{{ end }}", "end": "noon"})

    assert filled == "{{ end }} noon"


@pytest.mark.parametrize("text", ["{{ patient }}", "{{}}", "{{ components.name }}", "{{ cause|safe }}", "{{ 7*7 }}"])
def test_an_unknown_variable_is_named(text):
    with pytest.raises(VariableUnknown) as refusal:
        templating.fill(text, {})

    assert templating.variables(text)[0] in str(refusal.value)
    assert "workaround" in str(refusal.value)


def test_nothing_is_published_while_a_variable_stands(page):
    for name, body in (("{{ components }} is down", "Soon."), ("Down", "Since {{ start }}.")):
        with pytest.raises(VariableOpen) as refusal:
            incidents.declare(name=name, body=body, components={}, by=OMAR, key="k")
        assert "with your own words" in str(refusal.value)

    assert events() == 0


def save(**fields) -> str:
    values = {"title": "Video is down", "name": "Video visits do not start", "body": BODY, "by": OMAR}
    return templates.save(**{**values, **fields})


def test_templates_are_kept_changed_and_put_away(page):
    telehealth = component("telehealth").public_id
    template_id = save(components={telehealth: "major_outage"})
    assert save(template_id=template_id, title="Video", components={}) == template_id
    work = save(title="Upkeep", kind="maintenance", status="scheduled")

    row = queries.authoring.template(template_id)
    assert (row.title, row.components, row.status) == ("Video", {}, "investigating")
    assert [row.public_id for row in queries.authoring.templates()] == [work, template_id]
    assert [row.public_id for row in queries.authoring.templates("maintenance")] == [work]

    for _press in range(2):
        templates.archive(template_id=work, by=OMAR)
    assert [row.public_id for row in queries.authoring.templates()] == [template_id]
    assert audit_actions() == ["template:save"] * 3 + ["template:archive"]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"title": " "}, TextMissing),
        ({"body": ""}, TextMissing),
        ({"body": "Dear {{ patient }}"}, VariableUnknown),
        ({"name": "{{ patient }}"}, VariableUnknown),
        ({"kind": "party"}, StatusUnknown),
        ({"kind": "maintenance", "status": "identified"}, StatusUnknown),
        ({"components": {"nobody": "major_outage"}}, ComponentUnknown),
        ({"template_id": "nobody"}, TemplateNotFound),
    ],
)
def test_a_refused_template_leaves_nothing_behind(page, change, error):
    with pytest.raises(error):
        save(**change)

    assert (Template.objects.count(), audit_actions()) == (0, [])


def test_a_template_for_states_that_do_not_exist_is_refused(page):
    with pytest.raises(StatusUnknown):
        save(components={component("ehr").public_id: "exploded"})
