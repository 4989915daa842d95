"""Failures make the next try wait, longer each time, but nobody is ever locked out."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from portal_core.accounts.actions.sign_in import clear_pause, pause_of
from portal_core.accounts.models import SignInThrottle
from portal_core.accounts.rules.throttle import ACCOUNT, ADDRESS, NAME, pause
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from tests.access.factories import ProxyGrantFactory
from tests.cast import make_user, sign_in_by_form

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


def test_the_pause_grows_and_is_capped():
    assert [pause(ACCOUNT, failures) for failures in range(4, 13)] == [0, 5, 10, 20, 40, 80, 160, 300, 300]
    assert pause(ACCOUNT, 10**9) == 300
    assert [pause(NAME, failures) for failures in (19, 20, 21, 24, 500)] == [0, 2, 4, 30, 30]
    assert [pause(ADDRESS, failures) for failures in (0, 59, 60, 61, 64, 500)] == [0, 0, 2, 4, 30, 30]


def guess(times: int, username: str = "olivia", password: str = "wrong") -> list[int]:
    return [sign_in_by_form(Client(), Realm.STAFF, username, password).status_code for _ in range(times)]


def test_five_tries_then_a_pause_that_the_right_password_waits_out_too(cast):
    with time_machine.travel(NOON, tick=False) as clock:
        assert guess(5) == [422] * 5
        page = sign_in_by_form(Client(), Realm.STAFF, "olivia")
        assert (page.status_code, page["Retry-After"]) == (429, "5")
        assert page.context["form"].non_field_errors() == ["Too many tries. Wait 5 seconds, then try again."]
        clock.shift(5)
        assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 302


def test_each_failure_after_that_doubles_the_pause(cast):
    waits = []
    with time_machine.travel(NOON, tick=False) as clock:
        guess(5)
        for _ in range(8):
            page = sign_in_by_form(Client(), Realm.STAFF, "olivia", "wrong")
            waits.append(int(page["Retry-After"]))
            clock.shift(waits[-1])
            assert guess(1) == [422]

    assert waits == [5, 10, 20, 40, 80, 160, 300, 300]


def test_a_refused_try_does_not_make_the_pause_longer(cast):
    with time_machine.travel(NOON, tick=False) as clock:
        guess(5)
        assert guess(20) == [429] * 20
        clock.shift(5)
        assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 302


def test_unknown_names_are_slowed_in_the_same_way(cast):
    with time_machine.travel(NOON, tick=False):
        assert guess(6, username="nobody") == [422] * 5 + [429]


def test_the_case_of_a_name_makes_no_second_account(cast):
    with time_machine.travel(NOON, tick=False):
        assert guess(3, "olivia") + guess(3, "OLIVIA ") == [422] * 5 + [429]


def test_a_good_sign_in_forgets_the_accounts_failures(cast):
    with time_machine.travel(NOON, tick=False):
        guess(4)
        sign_in_by_form(Client(), Realm.STAFF, "olivia")
        assert guess(5) == [422] * 5


def test_a_quiet_hour_forgets_too(cast):
    with time_machine.travel(NOON, tick=False) as clock:
        guess(5)
        clock.shift(3600)
        assert guess(5) == [422] * 5


def test_one_forgetful_colleague_does_not_slow_the_front_desk(cast):
    """A shared office address: Olivia's failures leave Oscar's door open."""
    with time_machine.travel(NOON, tick=False):
        guess(10, "olivia")
        assert sign_in_by_form(Client(), Realm.STAFF, "oscar").status_code == 302


def test_one_address_trying_many_names_is_slowed(cast):
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(60):
            assert guess(1, f"name{number}") == [422]
        assert sign_in_by_form(Client(), Realm.STAFF, "oscar").status_code == 429
        elsewhere = Client(REMOTE_ADDR="192.0.2.9")
        assert sign_in_by_form(elsewhere, Realm.STAFF, "oscar").status_code == 302
        clock.shift(2)
        assert sign_in_by_form(Client(), Realm.STAFF, "ines").status_code == 302


def test_the_realms_are_counted_apart(cast):
    with time_machine.travel(NOON, tick=False):
        guess(6, "pat")
        assert sign_in_by_form(Client(), Realm.PATIENT, "pat").status_code == 302


def test_neither_name_nor_address_stands_in_the_table(cast):
    guess(1)

    keys = list(SignInThrottle.objects.values_list("key", flat=True))
    assert [len(key) for key in keys] == [64, 64, 64]
    assert not any("olivia" in key or ("127" in key[:3] and "." in key) for key in keys)


def test_a_slowed_try_leaves_no_ledger_line(cast):
    with time_machine.travel(NOON, tick=False):
        guess(8)

    assert AuditEvent.objects.filter(action="account:sign-in-failed").count() == 5


def test_a_stranger_elsewhere_keeps_nobody_out(cast):
    """Whoever tries a name at the end of each pause slows themselves, not the owner of the name."""
    stranger = Client(REMOTE_ADDR="192.0.2.66")
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(15):
            sign_in_by_form(stranger, Realm.STAFF, "olivia", "wrong")
            clock.shift(300)
        clock.shift(-1)
        assert sign_in_by_form(stranger, Realm.STAFF, "olivia", "wrong").status_code == 429
        assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 302


def test_many_strangers_slow_a_name_for_half_a_minute_at_most(cast):
    """Guessing one name from ever new addresses is slowed too; the pause is short, because its owner waits as well."""
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(30):
            sign_in_by_form(Client(REMOTE_ADDR=f"192.0.2.{number}"), Realm.STAFF, "olivia", "wrong")
            clock.shift(30 if number >= 20 else 1)
        sign_in_by_form(Client(REMOTE_ADDR="192.0.2.99"), Realm.STAFF, "olivia", "wrong")
        assert sign_in_by_form(Client(), Realm.STAFF, "olivia").headers["Retry-After"] == "30"
        assert pause_of(cast.olivia.user, NOON + dt.timedelta(seconds=320)) == 30
        clear_pause(user=cast.olivia.user, by=cast.olivia.actor)
        assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 302


@pytest.mark.parametrize("realm", [Realm.STAFF, Realm.PATIENT])
def test_a_try_is_counted_before_it_is_judged(cast, realm, monkeypatch):
    """Parallel guesses must not all pass under the count of the first."""
    seen = []

    def judge(*args, **kwargs):
        seen.append(list(SignInThrottle.objects.order_by("id").values_list("failures", flat=True)))

    monkeypatch.setattr("portal_core.accounts.actions.sign_in.authenticate", judge)
    sign_in_by_form(Client(), realm, "olivia", "x")

    assert seen == [[1, 1, 1]]


def test_rows_that_slow_nobody_are_forgotten(cast):
    from django.contrib.sessions.models import Session

    from portal_core.accounts.tasks import forget_what_is_over

    with time_machine.travel(NOON, tick=False) as clock:
        guess(6)
        sign_in_by_form(Client(), Realm.STAFF, "oscar")
        assert (SignInThrottle.objects.count(), Session.objects.count()) == (3, 1)
        clock.shift(3601)
        assert forget_what_is_over() == 4
        assert (SignInThrottle.objects.count(), Session.objects.count()) == (0, 0)
        assert forget_what_is_over() == 0


def test_who_keeps_the_settings_ends_the_pause_of_a_colleague(cast, staff_client):
    """A pause is seen and ended by the people next to whoever mistyped; a stranger's settings do not reach it."""
    page = f"/desk/settings/staff/{cast.olivia.public_id}/"
    with time_machine.travel(NOON, tick=False):
        ana, charlie = staff_client(cast.ana), staff_client(cast.charlie)
        assert "Sign-in is paused" not in ana.get(page).content.decode()
        guess(5)
        assert "has to wait 5 more seconds" in ana.get(page).content.decode()
        assert charlie.post(f"{page}clear-pause/").status_code == 403
        assert guess(1) == [429]
        assert ana.post(f"{page}clear-pause/")["Location"] == page
        assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 302
    assert AuditEvent.objects.filter(action="account:clear-pause", actor_id=cast.ana.public_id).count() == 1


def test_the_office_ends_the_pause_of_somebody_who_acts_for_a_patient(cast, staff_client):
    user = make_user("mona", Realm.PATIENT)
    grant = ProxyGrantFactory(patient=cast.pat, person__practice=cast.practice, person__user=user)
    page = f"/desk/patients/{cast.pat.public_id}/proxies/{grant.public_id}/"
    with time_machine.travel(NOON, tick=False):
        olivia = staff_client(cast.olivia)
        for _ in range(5):
            sign_in_by_form(Client(), Realm.PATIENT, "mona", "wrong")
        assert "has to wait 5 more seconds" in olivia.get(f"{page}link/").content.decode()
        assert staff_client(cast.oscar).post(f"{page}clear-pause/").status_code == 404
        assert pause_of(user, NOON) == 5
        assert olivia.post(f"{page}clear-pause/").status_code == 302
        assert pause_of(user, NOON) == 0
