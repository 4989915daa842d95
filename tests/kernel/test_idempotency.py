"""Double clicks and replays lead to one deed and one answer."""

import pytest
from django.db import transaction

from portal_core.kernel import idempotency, ids
from portal_core.kernel.errors import Invalid
from portal_core.kernel.models import IdempotencyKey
from tests.kernel.crowd import at_once


@pytest.mark.django_db
def test_the_second_call_gets_the_first_ones_answer():
    deeds: list[int] = []

    def deed() -> str:
        deeds.append(1)
        return ids.new_public_id()

    first = idempotency.once("ticket", "k", deed)

    assert idempotency.once("ticket", "k", deed) == first
    assert len(deeds) == 1
    assert idempotency.once("other", "k", deed) != first  # a key counts within its scope


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 65])
def test_an_unusable_key_is_refused(key):
    with pytest.raises(Invalid) as refusal:
        idempotency.once("ticket", key, lambda: "never")

    assert refusal.value.facts == {"idempotency_key": "1 to 64 characters"}
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_failed_deed_frees_its_key():
    def fail() -> str:
        raise LookupError

    with pytest.raises(LookupError):
        idempotency.once("ticket", "k", fail)

    assert idempotency.once("ticket", "k", lambda: "done") == "done"


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_do_it_once():
    deeds: list[str] = []

    def press(name: str) -> str:
        def deed() -> str:
            deeds.append(name)
            return name

        with transaction.atomic():
            return idempotency.once("ticket", "k", deed)

    results = at_once(*(lambda name=name: press(name) for name in "abcd"))

    assert len(deeds) == 1
    assert results == [deeds[0]] * 4
