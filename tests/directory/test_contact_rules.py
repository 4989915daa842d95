import pytest

from portal_core.directory.models import Patient
from portal_core.directory.rules.contact import shown_phone


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+12175550101", "(217) 555-0101"),
        ("2175550101", "(217) 555-0101"),
        ("555-907-9875", "(555) 907-9875"),
        ("+442079460000", "+442079460000"),
        ("ask at the desk", "ask at the desk"),
        ("", ""),
    ],
)
def test_a_phone_number_as_people_read_it(phone, shown):
    assert shown_phone(phone) == shown


@pytest.mark.parametrize(("code", "shown"), [("en", "English"), ("es", "Spanish"), ("tlh", "tlh"), ("", "")])
def test_a_language_as_people_read_it(code, shown):
    assert Patient(language=code).language_shown == shown
