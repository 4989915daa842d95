"""Who works here: the first owner, invitations, links back in, people who leave (PC-76)."""

import datetime as dt
import io
import re

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from portal_core.accounts import queries as accounts
from portal_core.accounts.actions import tokens
from portal_core.accounts.models import User
from portal_core.directory.actions import colleagues
from portal_core.directory.enums import Role
from portal_core.directory.errors import LastOwner, NotYoursToGrant, OwnAccount, StaffLinkUnusable
from portal_core.directory.models import Office, Practice, Staff
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.cast import make_staff, sign_in_by_form
from tests.kernel.crowd import at_once

LIST = "/desk/settings/staff/"
LONG = "seven green umbrellas"
CHOICE = {"username": "nora.b", "password": LONG, "again": LONG}


def verbs() -> list[str]:
    return list(AuditEvent.objects.filter(action__startswith="staff:").order_by("pk").values_list("action", flat=True))


def link_in(text: str) -> str:
    found = re.search(r"/desk/welcome/[A-Za-z0-9_-]{43}/", text)
    assert found is not None, text
    return found[0]


def mailed() -> str:
    return link_in(Delivery.objects.order_by("-pk")[0].message.text)


def typed(**changes: str) -> dict[str, str]:
    return {
        "first_name": "Nora", "last_name": "Bell", "email": "nora@staff.example", "phone": "", "role": "scheduler",
        "office": "", "supervisor": "", "idempotency_key": "k1", **changes,
    }  # fmt: skip


@pytest.fixture
def ana(cast, staff_client):
    return staff_client(cast.ana)


def test_a_colleague_is_added_invited_and_signs_in(cast, ana):
    """From the form to the first page, with nothing but the mail in between."""
    answer = ana.post(f"{LIST}new/", typed())

    nora = Staff.objects.get(email="nora@staff.example")
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{nora.public_id}/")
    assert [(row.role, row.office) for row in nora.role_assignments.all()] == [("scheduler", None)]
    assert verbs() == ["staff:add", "staff:grant-role", "staff:send-link"]
    mail = Delivery.objects.get()
    assert (mail.address, mail.not_after) == ("nora@staff.example", nora.link_expires_at)
    assert "Invited" in ana.get(answer["Location"]).content.decode()

    visitor, page = Client(), mailed()
    assert "Nora Bell" in visitor.get(page).content.decode()
    assert visitor.post(page, CHOICE)["Location"] == "/desk/sign-in/"
    assert sign_in_by_form(visitor, Realm.STAFF, "Nora.B", LONG).status_code == 302
    assert visitor.get("/desk/me/").status_code == 200
    assert visitor.get(page).status_code == 404


def test_sending_the_form_twice_adds_one(ana, cast):
    for _ in range(2):
        assert ana.post(f"{LIST}new/", typed()).status_code == 302

    assert Staff.objects.filter(last_name="Bell").count() == 1
    assert Delivery.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"email": "OLIVIA@staff.example"}, "Another colleague has that e-mail address"),
        ({"email": ""}, "This field is required"),
        ({"role": "office_staff"}, "This role belongs to one office. Choose which."),
        ({"role": "it_agent", "office": "?"}, "This role is for the whole practice"),
        ({"role": "emperor"}, "Select a valid choice"),
    ],
)
def test_a_form_that_cannot_be_used_keeps_what_was_typed_and_adds_nobody(ana, cast, changes, says):
    before, filled = Staff.objects.count(), typed(**changes)
    filled["office"] = cast.north.public_id if filled["office"] else ""

    answer = ana.post(f"{LIST}new/", filled)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert 'value="Bell"' in answer.content.decode()
    assert (Staff.objects.count(), Delivery.objects.count()) == (before, 0)


@pytest.mark.parametrize("name", ["olivia", "ines", "carla"])
def test_others_add_invite_and_close_nobody(cast, staff_client, name):
    visitor, page = staff_client(getattr(cast, name)), f"{LIST}{cast.dan.public_id}/"

    assert visitor.get(f"{LIST}new/").status_code == 403
    for path in (f"{LIST}new/", f"{page}contact/", f"{page}link/", f"{page}close/", f"{page}reopen/"):
        assert visitor.post(path, typed()).status_code == 403
    assert (Delivery.objects.count(), verbs()) == (0, [])


def test_an_administrator_does_not_come_to_an_owners_account(cast, staff_client):
    """By another address and a link to it, say."""
    ada = make_staff("Ada", cast.practice, (Role.ADMINISTRATOR, None))
    page = f"{LIST}{cast.ana.public_id}/"
    visitor = staff_client(ada)

    answer = visitor.post(f"{page}contact/", {"first_name": "Ana", "last_name": "Staff", "email": "ada@evil.example"})
    visitor.post(f"{page}link/")
    visitor.post(f"{page}close/")

    assert answer.status_code == 422
    cast.ana.refresh_from_db()
    assert (cast.ana.email, cast.ana.link_hash, cast.ana.is_active) == ("ana@staff.example", "", True)
    assert (Delivery.objects.count(), verbs()) == (0, [])
    assert "Send a link" not in visitor.get(page).content.decode()


def test_a_link_for_a_new_password_ends_sessions_and_tells(cast, ana, staff_client):
    olivia = staff_client(cast.olivia)
    assert olivia.get("/desk/me/").status_code == 200
    ana.post(f"{LIST}{cast.olivia.public_id}/link/")
    page = mailed()
    visitor = Client()
    assert "olivia" in visitor.get(page).content.decode()

    short = visitor.post(page, {"password": "short", "again": "short"})
    other = visitor.post(page, {"password": LONG, "again": LONG + "x"})
    good = visitor.post(page, {"username": "somebody", "password": LONG, "again": LONG})

    assert [answer.status_code for answer in (short, other, good)] == [422, 422, 302]
    assert olivia.get("/desk/me/").status_code == 302
    assert sign_in_by_form(Client(), Realm.STAFF, "olivia", LONG).status_code == 302
    assert Delivery.objects.filter(cause__startswith="staff-password:").get().address == cast.olivia.email
    assert verbs() == ["staff:send-link", "staff:accept-link"]


def test_only_the_newest_link_works_and_only_for_its_time(cast):
    links = []
    for _ in range(2):
        colleagues.send_link(staff=cast.olivia, by=cast.ana.actor)
        links.append(mailed().split("/")[3])
    with pytest.raises(StaffLinkUnusable):
        colleagues.welcome(links[0])
    assert colleagues.welcome(links[1]) == cast.olivia
    with (
        time_machine.travel(clock.now() + colleagues.AGAIN + dt.timedelta(seconds=1)),
        pytest.raises(StaffLinkUnusable),
    ):
        colleagues.welcome(links[1])
    for wrong in ("", "x" * 43):
        with pytest.raises(StaffLinkUnusable):
            colleagues.welcome(wrong)


def test_signing_in_ends_a_link_in_the_mailbox(cast):
    colleagues.send_link(staff=cast.olivia, by=cast.ana.actor)

    assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 302

    assert Client().get(mailed()).status_code == 404


def test_another_address_ends_the_link_and_the_one_before_hears_of_it(cast, ana):
    colleagues.send_link(staff=cast.olivia, by=cast.ana.actor)
    page = mailed()
    values = {"first_name": "Olivia", "last_name": "Marsh", "email": "marsh@staff.example", "phone": ""}

    assert ana.post(f"{LIST}{cast.olivia.public_id}/contact/", values).status_code == 302

    assert Client().get(page).status_code == 404
    assert Delivery.objects.order_by("-pk")[0].address == "olivia@staff.example"
    cast.olivia.refresh_from_db()
    assert (cast.olivia.name, cast.olivia.email) == ("Olivia Marsh", "marsh@staff.example")
    line = AuditEvent.objects.get(action="staff:set-contact")
    assert "marsh" not in str(line.facts)


def test_an_address_that_is_none_can_be_put_right(cast, ana):
    """What an import let in cannot be written to, so the ledger hears of it instead."""
    type(cast.olivia).objects.filter(pk=cast.olivia.pk).update(email="olivia@clinic .example")
    values = {"first_name": "Olivia", "last_name": "Marsh", "email": "marsh@staff.example", "phone": ""}

    assert ana.post(f"{LIST}{cast.olivia.public_id}/contact/", values).status_code == 302

    cast.olivia.refresh_from_db()
    assert (cast.olivia.email, Delivery.objects.count()) == ("marsh@staff.example", 0)
    assert AuditEvent.objects.filter(action="notify:left-out").count() == 1


def test_who_leaves_is_out_at_once_and_back_only_by_signing_in_anew(cast, ana, staff_client):
    """Sessions, programs and links; roles stay on file."""
    page, olivia = f"{LIST}{cast.olivia.public_id}/", staff_client(cast.olivia)
    _token, secret = tokens.create(user=cast.olivia.user, name="script", hat="", by=cast.olivia.actor)
    colleagues.send_link(staff=cast.olivia, by=cast.ana.actor)
    link = mailed()
    assert olivia.get("/desk/me/").status_code == 200

    assert ana.post(f"{page}close/").status_code == 302
    assert ana.post(f"{page}close/").status_code == 302  # pressed twice

    assert olivia.get("/desk/me/").status_code == 302
    assert accounts.token_of(secret) is None
    assert Client().get(link).status_code == 404
    assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 422
    assert "Open it again" in ana.get(page).content.decode()
    assert cast.olivia.role_assignments.count() == 1

    ana.post(f"{page}reopen/")

    assert olivia.get("/desk/me/").status_code == 302
    assert sign_in_by_form(Client(), Realm.STAFF, "olivia").status_code == 302
    assert verbs() == ["staff:send-link", "staff:close", "staff:open"]


def test_nobody_closes_themselves_or_the_last_owner(cast):
    with pytest.raises(OwnAccount):
        colleagues.set_active(staff=cast.ana, active=False, by=cast.ana.actor)
    ada = make_staff("Ada", cast.practice, (Role.OWNER, None))
    assert colleagues.set_active(staff=cast.ana, active=False, by=ada.actor) is True
    with pytest.raises(NotYoursToGrant):  # a closed account may do nothing
        colleagues.set_active(staff=ada, active=False, by=cast.ana.actor)
    assert Staff.objects.get(pk=ada.pk).is_active


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_close_each_other_leave_one(cast):
    ada = make_staff("Ada", cast.practice, (Role.OWNER, None))

    results = at_once(
        lambda: colleagues.set_active(staff=ada, active=False, by=cast.ana.actor),
        lambda: colleagues.set_active(staff=cast.ana, active=False, by=ada.actor),
    )

    assert results.count(True) == 1
    assert any(isinstance(one, NotYoursToGrant | LastOwner) for one in results)
    assert Staff.objects.filter(pk__in=[ada.pk, cast.ana.pk], is_active=True).count() == 1


# --- the first one ----------------------------------------------------------------------------------------------------
def create_owner(*arguments: str) -> str:
    out = io.StringIO()
    call_command("create_owner", *arguments, stdout=out)
    return out.getvalue()


NEW = ("mia@practice.example", "--first-name", "Mia", "--last-name", "Okoye", "--practice", "Hill Road Clinic")


def test_the_first_owner_of_an_empty_house(db, client):
    """Nobody can sign in yet, so it is whoever runs the machine who makes them; a second run brings a new link."""
    said = create_owner(*NEW, "--time-zone", "America/Denver", "--office", "Hill Road")

    practice, office, mia = Practice.objects.get(), Office.objects.get(), Staff.objects.get()
    assert (practice.name, practice.slug, practice.time_zone) == (
        "Hill Road Clinic",
        "hill-road-clinic",
        "America/Denver",
    )
    assert (office.name, office.is_main, Delivery.objects.count()) == ("Hill Road", True, 0)
    assert {row.role for row in mia.role_assignments.all()} == {"owner", "administrator"}
    assert client.post(link_in(said), {**CHOICE, "username": "mia"}).status_code == 302
    assert sign_in_by_form(client, Realm.STAFF, "mia", LONG).status_code == 302
    assert client.get(f"{LIST}new/").status_code == 200

    again = create_owner("MIA@practice.example")

    assert "a new password" in again
    assert client.get(link_in(again)).status_code == 200
    assert (Practice.objects.count(), Office.objects.count(), Staff.objects.count(), User.objects.count()) == (
        1,
        1,
        1,
        1,
    )


def test_it_opens_the_account_of_an_owner_who_was_closed_off(cast):
    ada = make_staff("Ada", cast.practice, (Role.OWNER, None))
    colleagues.set_active(staff=cast.ana, active=False, by=ada.actor)

    said = create_owner("ana@staff.example", "--practice", "larkfield")

    assert colleagues.welcome(link_in(said).split("/")[3]) == cast.ana
    cast.ana.refresh_from_db()
    assert (cast.ana.is_active, User.objects.get(username="ana").is_active) == (True, True)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("no address", *NEW[1:]), "is no e-mail address"),
        (NEW[:1], "name it with --practice"),
        ((NEW[0], "--practice", "Hill"), "--first-name and --last-name"),
        ((*NEW, "--time-zone", "Mars/Olympus"), "is no time zone"),
    ],
)
def test_what_it_cannot_use_it_says_and_leaves_nothing_behind(db, arguments, says):
    with pytest.raises(CommandError, match=says):
        create_owner(*arguments)
    assert (Practice.objects.count(), Staff.objects.count()) == (0, 0)


def test_among_several_practices_one_is_named(cast):
    for arguments in (NEW, NEW[:5]):
        with pytest.raises(CommandError, match="larkfield, elsewhere"):
            create_owner(*arguments)
    colleagues.make_owner(
        practice=cast.elsewhere, first_name="Mia", last_name="O", email="ana@staff.example", by=SYSTEM
    )
    assert Staff.objects.filter(email="ana@staff.example").count() == 2  # an address is one colleague's in one practice
