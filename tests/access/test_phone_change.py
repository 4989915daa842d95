"""Another number for somebody with portal access: whoever had the old one hears of it (PC-42, TR-01)."""

import pytest

from portal_core.directory.actions import patients
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import set_access

NEW = "+12175550177"


def change(cast, patient, phone):
    patients.update_contact(patient=patient, values={"phone": phone}, by=cast.olivia.actor)
    return sorted(Delivery.objects.values_list("channel", "address"))


@pytest.mark.parametrize("phone", [NEW, ""])
def test_the_old_number_and_the_mailbox_are_told_without_a_word_about_whom(cast, phone):
    assert change(cast, cast.pat, phone) == [("email", "pat@patients.example"), ("sms", "+12175550100")]
    (text,) = {row.message.sms for row in Delivery.objects.filter(channel="sms")}
    assert "+12175550101" in text  # whom to call: their office
    assert not any(word in text for word in ("Pat", NEW))
    assert change(cast, cast.pat, phone) == change(cast, cast.pat, phone)
    assert Delivery.objects.count() == 2


def test_the_same_number_written_another_way_is_no_change(cast):
    assert change(cast, cast.pat, "(217) 555-0100") == []


def test_who_has_no_portal_access_hears_nothing(cast):
    assert change(cast, cast.paula, NEW) == []
    set_access(cast.piet)
    cast.piet.refresh_from_db()
    assert change(cast, cast.piet, NEW) != []


def test_a_mailbox_that_is_none_does_not_keep_the_number(cast):
    """What an import let in: the text goes out, the letter is left out, and the ledger knows."""
    type(cast.pat).objects.filter(pk=cast.pat.pk).update(email="pat@clinic .example")
    cast.pat.refresh_from_db()

    assert change(cast, cast.pat, NEW) == [("sms", "+12175550100")]
    assert AuditEvent.objects.get(action="notify:left-out").facts["who"] == [f"patient:{cast.pat.public_id}"]
