"""Double clicks and replays lead to one deed and one answer."""

import datetime as dt
import decimal
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy

from portal_core.kernel import idempotency, ids, sealing
from portal_core.kernel.errors import Invalid, KeyUsed
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


@pytest.mark.django_db
def test_another_payload_under_a_used_key_is_refused_and_nothing_is_done():
    deeds: list[str] = []

    def press(of: object) -> str:
        return idempotency.once("reply", "k", lambda: deeds.append("sent") or "first", of=of)

    assert press({"body": "Hello", "to": "pat"}) == "first"
    assert press({"to": "pat", "body": "Hello"}) == "first"  # the order of names says nothing
    with pytest.raises(KeyUsed) as refusal:
        press({"body": "Other words", "to": "pat"})

    assert (refusal.value.code, refusal.value.status) == ("key_used", 409)
    assert press(None) == "first"  # a caller that compares nothing
    assert deeds == ["sent"]


def test_what_can_be_compared():
    a, b = SimpleUploadedFile("a.txt", b"1"), SimpleUploadedFile("a.txt", b"2")
    noon = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    kinds = [
        None,
        "a",
        ["a"],
        {"x": "a"},
        noon,
        noon.date(),
        decimal.Decimal("1.5"),
        {"s", "t"},
        a,
        b,
        gettext_lazy("b"),
    ]

    prints = [idempotency.fingerprint(kind) for kind in kinds]

    assert prints[0] == ""
    assert len(set(prints)) == len(kinds)
    assert prints == [idempotency.fingerprint(kind) for kind in kinds]
    assert a.read() == b"1"  # still to be read by whom it is for
    with pytest.raises(TypeError, match="object cannot be compared"):
        idempotency.fingerprint(object())


@pytest.mark.django_db
def test_a_copy_of_the_database_is_no_place_to_guess(settings):
    """A bare hash of a body would let anybody with a copy try passwords and birth dates at the speed of SHA-256."""
    asked = {"attestation_id": "a", "born": "1949-11-14"}
    body = {**asked, "my_password": "open sesame", "them": [{"password": "again", "pin": "123456"}]}

    idempotency.once("credentials", "k", lambda: "done", of=body)

    kept = IdempotencyKey.objects.get().fingerprint
    assert kept == sealing.tag(json.dumps({**asked, "them": [{}]}, sort_keys=True), purpose="idempotency")
    assert idempotency.once("credentials", "k", lambda: "twice", of={**body, "my_password": "other"}) == "done"
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new secret of the installation", [settings.SECRET_KEY]
    assert idempotency.fingerprint(body) != kept
    assert idempotency.once("credentials", "k", lambda: "twice", of=body) == "done"  # made with the secret before
    with pytest.raises(KeyUsed):
        idempotency.once("credentials", "k", lambda: "twice", of={**body, "attestation_id": "b"})


@pytest.mark.django_db
def test_a_scope_that_is_too_long_for_the_database_still_counts_as_itself():
    """PostgreSQL refuses what SQLite silently keeps: the page with the longest article name answered 500."""
    long, other = "helpdesk:feedback:" + "a" * 60, "helpdesk:feedback:" + "a" * 59 + "b"

    assert [idempotency.once(scope, "k", lambda scope=scope: scope[-1]) for scope in (long, other, long)] == [
        "a", "b", "a",
    ]  # fmt: skip
    assert idempotency.result(other, "k") == "b"
    assert max(len(row.scope) for row in IdempotencyKey.objects.all()) == 60


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
