"""Somebody who acts for a patient lost the invitation, or forgot the password: the office sends a new link, to the
person's own address and nowhere else."""

import datetime as dt
import re
from importlib import import_module

import pytest
from django.apps import apps

from portal_core.access import errors
from portal_core.access.actions import proxies
from portal_core.access.models import ProxyGrant
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import refresh
from tests.access.test_proxies import OWN, child, clock, give, signed_in_proxy  # noqa: F401
from tests.cast import PASSWORD, signed_in
from tests.kernel.crowd import at_once

NEW = "nine loud kitchen stools"


@pytest.fixture(autouse=True)
def _verified(check):
    return check


def page(grant) -> str:
    return f"/desk/patients/{grant.patient.public_id}/proxies/{grant.public_id}/link/"


def newest_link() -> str:
    letter = Delivery.objects.latest("id")
    assert letter.address == "dana@people.example"
    (found,) = re.findall(r"(/portal/proxy/[^/\s]+/)", letter.message.text)
    return found


def accepted(cast, child):  # noqa: F811
    row = give(cast, child)
    signed_in_proxy(row)
    ProxyGrant.objects.update(link_hash="", link_expires_at=None)
    return refresh(row)


def test_a_lost_invitation_is_sent_again_without_a_check(cast, child, client, check, clock):  # noqa: F811
    row = give(cast, child)
    first = newest_link()
    check.used.clear()
    clock.shift(48 * 3600)
    assert client.get(first).status_code == 404

    answer = signed_in(cast.olivia).post(page(row))

    assert (answer.status_code, check.used) == (302, [])
    assert client.get(first).status_code == 404
    client.post(newest_link(), {"username": "dana.d", "password": OWN, "again": OWN})
    assert client.post("/portal/sign-in/", {"username": "dana.d", "password": OWN}).url == "/portal/"
    assert client.get(newest_link()).status_code == 404


def test_a_forgotten_password_is_set_anew_after_a_check(cast, child, client, check):  # noqa: F811
    row = accepted(cast, child)
    inside = signed_in_proxy(row)
    check.used.clear()

    assert signed_in(cast.olivia).post(page(row)).status_code == 302

    assert check.used == [("att-1", "send_reset_link")]
    link = newest_link()
    shown = client.get(link).content.decode()
    assert ("dana" in shown, 'name="username"' in shown) == (True, False)
    assert client.post(link, {"password": "short", "again": "short"}).status_code == 422
    assert client.post(link, {"password": NEW, "again": NEW}).url == "/portal/sign-in/"
    assert inside.get("/portal/").status_code == 302
    assert client.post("/portal/sign-in/", {"username": "dana", "password": PASSWORD}).status_code == 422
    assert client.post("/portal/sign-in/", {"username": "dana", "password": NEW}).url == "/portal/"
    assert client.post(link, {"password": OWN, "again": OWN}).status_code == 404
    notice = Delivery.objects.latest("id")
    assert (notice.address, notice.message.subject) == ("dana@people.example", "Your Patient Portal password was set")
    assert AuditEvent.objects.filter(action="access:set_proxy_password").count() == 1


def test_without_a_check_the_page_says_what_to_do_and_nothing_leaves(cast, child, check):  # noqa: F811
    row = accepted(cast, child)
    check.passed, before = False, Delivery.objects.count()

    answer = signed_in(cast.olivia).post(page(row))

    assert (answer.status_code, Delivery.objects.count()) == (422, before)
    assert "First verify who is asking" in answer.content.decode()
    assert refresh(row).link_hash == ""


def test_a_link_for_a_password_lives_four_hours(cast, child, client, clock):  # noqa: F811
    row = accepted(cast, child)
    proxies.send_link(grant=row, attestation_id="att-1", by=cast.olivia.actor)
    link = newest_link()

    clock.shift(4 * 3600 - 1)
    assert client.get(link).status_code == 200
    clock.shift(1)
    assert client.get(link).status_code == 404


@pytest.mark.parametrize("how", ["ended", "over"])
def test_what_is_over_gets_no_link(cast, child, clock, how):  # noqa: F811
    row = give(cast, child, ends_on=dt.date(2026, 3, 2))
    if how == "ended":
        proxies.end(grant=row, by=cast.olivia.actor)
    else:
        clock.shift(24 * 3600)

    with pytest.raises(errors.ProxyEnded):
        proxies.send_link(grant=row, by=cast.olivia.actor)

    assert signed_in(cast.olivia).post(page(row)).status_code == 422
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(("who", "status"), [("oscar", 404), ("charlie", 404), ("ian", 403)])
def test_strangers_send_nothing(cast, child, who, status):  # noqa: F811
    row = give(cast, child)

    answers = {signed_in(getattr(cast, who)).post(page(row)).status_code}
    answers.add(signed_in(getattr(cast, who)).get(page(row)).status_code)

    assert (answers, Delivery.objects.count()) == ({status}, 1)


@pytest.mark.django_db(transaction=True)
def test_one_invitation_accepted_twice_at_once(cast, child):  # noqa: F811
    give(cast, child)
    secret = newest_link().split("/")[3]

    def accept(name):
        return lambda: proxies.accept(secret=secret, username=name, password=OWN)

    kinds = sorted(type(one).__name__ for one in at_once(accept("dana-one"), accept("dana-two")))

    assert kinds == ["LinkUnusable", "ProxyPerson"]
    assert AuditEvent.objects.filter(action="access:accept_proxy").count() == 1


def test_invitations_accepted_before_are_used_up_by_the_migration(cast, child):  # noqa: F811
    row = give(cast, child)
    signed_in_proxy(row)  # has a sign-in, and the link of the invitation still stands there
    waiting = give(cast, cast.pat, relationship="spouse", email="else@people.example")

    import_module("portal_core.access.migrations.0007_use_up_accepted_invitations").use_up(apps, None)

    assert (refresh(row).link_hash, refresh(row).link_expires_at) == ("", None)
    assert refresh(waiting).link_hash != ""


def test_a_link_in_the_mailbox_ends_with_a_sign_in(cast, child, client, check):  # noqa: F811
    row = accepted(cast, child)
    signed_in(cast.olivia).post(page(row))
    link = newest_link()
    assert client.get(link).status_code == 200

    assert client.post("/portal/sign-in/", {"username": "dana", "password": PASSWORD}).url == "/portal/"

    assert client.get(link).status_code == 404


def test_a_link_ends_with_a_proxys_own_new_password_and_they_hear_of_it(cast, child, client, check):  # noqa: F811
    row = accepted(cast, child)
    inside = signed_in_proxy(row)
    signed_in(cast.olivia).post(page(row))
    link = newest_link()

    assert inside.post("/portal/password/", {"current": PASSWORD, "password": NEW, "again": NEW}).url == "/portal/"

    assert client.get(link).status_code == 404
    notice = Delivery.objects.latest("id")
    assert (notice.address, notice.message.template) == ("dana@people.example", "access/password_set")
