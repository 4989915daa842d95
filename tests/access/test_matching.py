"""Four fields, all must match (PC-44)."""

import datetime as dt

import pytest

from portal_core.access.rules.matching import FourFields, Matches, judge

ON_FILE = FourFields(
    email="pat@patients.example", last_name="O'Brien-Núñez", birth_date=dt.date(1980, 5, 17), zip_code="62701"
)


def typed(**changes):
    values = {
        "email": ON_FILE.email, "last_name": ON_FILE.last_name, "birth_date": ON_FILE.birth_date,
        "zip_code": ON_FILE.zip_code,
    }  # fmt: skip
    return FourFields(**{**values, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"email": "  PAT@Patients.Example "},
        {"last_name": "o'brien-núñez"},
        {"last_name": "OBRIEN NUNEZ"},
        {"last_name": "O’Brien Núñez Jr."},
        {"last_name": "O'Brien-Nu\u0301n\u0303ez"},
        {"zip_code": "62701-1234"},
        {"zip_code": " 62701 "},
    ],
)
def test_spelling_is_forgiven(changes):
    """PC-44."""
    verdict = judge(typed(**changes), [ON_FILE])

    assert verdict.full
    assert verdict.matches == Matches(email=True, last_name=True, birth_date=True, zip_code=True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": "other@patients.example"}, "email"),
        ({"last_name": "Brien"}, "last_name"),
        ({"birth_date": dt.date(1980, 5, 18)}, "birth_date"),
        ({"zip_code": "62702"}, "zip_code"),
        ({"last_name": "Jr."}, "last_name"),
    ],
)
def test_one_wrong_field_is_no_match_and_is_named_for_the_office(changes, field):
    """PC-32, PC-44."""
    verdict = judge(typed(**changes), [ON_FILE])

    assert (verdict.full, verdict.index) == (False, 0)
    assert [name for name in Matches.__slots__ if not getattr(verdict.matches, name)] == [field]


@pytest.mark.parametrize("blank", ["email", "last_name", "zip_code"])
def test_nothing_on_file_matches_nothing(blank):
    verdict = judge(typed(**{blank: ""}), [typed(**{blank: ""})])

    assert not verdict.full
    assert not getattr(verdict.matches, blank)


def test_twins_with_one_mailbox_count_as_none():
    """PC-39, PC-44."""
    verdict = judge(typed(), [ON_FILE, ON_FILE])

    assert (verdict.full, verdict.ambiguous, verdict.index) == (False, True, None)


def test_one_of_a_family_is_found_by_the_other_fields():
    """PC-39: a shared address."""
    sister = typed(birth_date=dt.date(1990, 1, 1))

    assert judge(typed(), [sister, ON_FILE]).index == 1


def test_a_stranger_is_nobody():
    verdict = judge(typed(email="x@y.example", last_name="Zed", zip_code="1"), [ON_FILE])

    assert (verdict.index, verdict.full, verdict.matches) == (None, False, Matches())
