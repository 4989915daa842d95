"""What the desks judge without a database: filters, prepared answers, names in notes."""

import pytest

from triage.errors import VariableRefused
from triage.rules import canned, mentions
from triage.rules.views import Wanted, wanted


def test_a_filter_goes_through_an_address_and_back():
    whole = Wanted(turn="office", who="mine", category="LOGIN_PWD", office="abcd1234efgh")
    assert whole.query == "turn=office&who=mine&category=LOGIN_PWD&office=abcd1234efgh"
    assert wanted(whole.as_dict()) == whole


def test_words_that_mean_nothing_narrow_nothing():
    """No name gets into an address by this way."""
    assert (
        wanted({"turn": "Pat Patient", "who": "everybody", "category": "X", "office": "../x", "q": "Pat"}) == Wanted()
    )


def test_a_prepared_answer_is_filled_and_what_is_unknown_stays_visible():
    text = "Hello, this is {{ my_name }} of {{office}}. Ref {{ reference }}."
    filled = canned.fill(text, {"my_name": "Olivia", "office": "{{ reference }}"})
    assert filled == "Hello, this is Olivia of {{ reference }}. Ref {{ reference }}."


@pytest.mark.parametrize("name", ["first_name", "patient", "DOB", "mrn"])
def test_a_prepared_answer_never_names_the_patient(name):
    """HD-02: nobody has proved who reads it."""
    with pytest.raises(VariableRefused, match="would name the patient"):
        canned.check("Hello {{ " + name + " }}")


def test_an_unknown_variable_is_refused_with_the_known_ones():
    with pytest.raises(VariableRefused, match=r"no variable \{\{ weather \}\}.*reference, office"):
        canned.check("{{ reference }} {{ weather }}")


PEOPLE = [
    mentions.Person(1, "Olivia", "Staff"),
    mentions.Person(2, "Zoë", "Ångström"),
    mentions.Person(3, "Sam", "O'Neill"),
    mentions.Person(4, "Sam", "Lee"),
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@olivia please", {1}),
        ("(@Zoe) and @OLIVIA.", {1, 2}),
        ("@sam knows", set()),  # there are two
        ("@Sam.Lee and @sam.o'neill", {3, 4}),
        ("olivia@staff.example wrote, @@olivia too", set()),
        ("@nobody", set()),
    ],
)
def test_who_is_named_in_a_note(text, found):
    assert mentions.named(text, PEOPLE) == found


def test_handles_are_first_names_where_they_are_alone():
    assert mentions.handles(PEOPLE) == {1: "Olivia", 2: "Zoë", 3: "Sam.O'Neill", 4: "Sam.Lee"}
