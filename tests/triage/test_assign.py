"""Who is named for a ticket that nobody has (HD-08), and giving it to them."""

import datetime as dt

import pytest

from helpdesk.enums import Category, TicketState
from helpdesk.models import Ticket
from portal_core.directory.enums import Role
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.cast import make_staff
from tests.helpdesk.factories import TicketFactory, refresh
from tests.triage.factories import FlagFactory
from triage.actions import presence
from triage.rules.assign import Candidate, ranked, suggestion


def one(name, *, load=0, here=True, knows=False):
    return Candidate(id=name, name=name, open=load, here=here, knows=knows)


@pytest.mark.parametrize(
    ("candidates", "named"),
    [
        ([one("a", load=3), one("b", load=1)], "b"),  # the least to do
        ([one("a", load=0, here=False), one("b", load=9)], "b"),  # who is here
        ([one("a", load=5, knows=True), one("b", load=1)], "a"),  # who knows the person
        ([one("a", load=20, knows=True), one("b", load=1)], "b"),  # unless far too busy
        ([one("a", load=5, knows=True, here=False), one("b", load=1)], "b"),  # or away while somebody is here
        ([one("a", load=5, knows=True, here=False), one("b", here=False)], "a"),  # nobody is here
        ([one("a", here=False), one("b", here=False)], None),
        ([one("b"), one("a")], "a"),
        ([], None),
    ],
)
def test_whoever_knows_the_person_is_here_and_has_least_is_named(candidates, named):
    best = suggestion(candidates)

    assert (best.name if best else None) == named
    assert sorted(row.name for row in ranked(candidates)) == sorted(row.name for row in candidates)


@pytest.fixture
def nina(cast):
    return make_staff("Nina", cast.practice, (Role.OFFICE_STAFF, cast.north))


@pytest.fixture
def fresh(cast, nina):
    """A new ticket of Pat's; Nina had the last one."""
    TicketFactory(office=cast.north, patient=cast.pat, owner=nina, state=TicketState.SOLVED)
    TicketFactory(office=cast.north, patient=cast.paula, owner=nina, state=TicketState.OPEN)
    return TicketFactory(office=cast.north, patient=cast.pat, category=Category.LOGIN_PWD)


def test_the_desk_names_the_one_who_had_the_last_ticket_and_gives_it_in_one_press(cast, staff_client, nina, fresh):
    presence.here(
        room=f"office:{cast.north.public_id}",
        socket="s1",
        person_id=nina.public_id,
        name="Nina",
        place="",
        typing=False,
    )
    olivia = staff_client(cast.olivia)
    page = f"/triage/office/tickets/{fresh.public_id}/"

    text = " ".join(olivia.get(page).content.decode().split())
    assert "Give it to Nina Staff" in text
    assert "had this person&#x27;s last ticket" in text or "had this person's last ticket" in text
    assert "1 open ticket" in text
    helped = olivia.get(f"{page}?open=help").content.decode()
    assert 'href="/desk/help/cannot-log-in/"' in helped  # the articles that fit, for whoever asks

    assert olivia.post(f"{page}assign/", {"to": nina.public_id})["Location"].startswith(page)
    row = refresh(fresh)
    assert (row.owner, row.state) == (nina, TicketState.OPEN)
    line = AuditEvent.objects.get(action="ticket:assign")
    assert (line.actor_id, line.facts) == (cast.olivia.public_id, {"to": nina.public_id})
    assert "Give it to" not in olivia.get(page).content.decode()


def test_only_to_people_of_the_desk_and_only_while_nobody_has_it(cast, staff_client, nina, fresh):
    olivia = staff_client(cast.olivia)
    page = f"/triage/office/tickets/{fresh.public_id}/assign/"

    for stranger in (cast.oscar, cast.ian, cast.carla, cast.charlie):
        assert olivia.post(page, {"to": stranger.public_id}).status_code == 404
        assert staff_client(stranger).post(page, {"to": nina.public_id}).status_code in (403, 404)
    assert refresh(fresh).owner is None
    olivia.post(page, {"to": nina.public_id})
    assert olivia.post(page, {"to": cast.olivia.public_id}).status_code == 409
    assert refresh(fresh).owner == nina
    assert AuditEvent.objects.filter(action="ticket:assign").count() == 1


def test_what_somebody_has_is_given_on_knowingly_and_they_hear_of_it(cast, staff_client, nina, fresh):
    """HD-08: the one it is given to is told; who has lost it meanwhile is not overruled."""
    olivia = staff_client(cast.olivia)
    page = f"/triage/office/tickets/{fresh.public_id}/"
    olivia.post(f"{page}take/")
    shown = olivia.get(f"{page}?open=assign").content.decode()
    assert f'name="held_by" value="{cast.olivia.public_id}"' in shown

    give = {"to": nina.public_id, "held_by": cast.olivia.public_id}
    assert olivia.post(f"{page}assign/", give).status_code == 302
    assert olivia.post(f"{page}assign/", give | {"to": cast.olivia.public_id}).status_code == 409

    assert refresh(fresh).owner == nina
    told = Delivery.objects.get()
    assert (told.address, told.message.template) == (nina.email, "triage/given")
    assert fresh.reference in told.message.text


def test_it_names_and_gives_its_own_tickets_too(cast, staff_client):
    """HD-08: usually the same person. Who writes to IT is known by their address; after two weeks nobody is."""
    mine = {
        "office": cast.north,
        "side": "it",
        "requester_kind": "provider",
        "requester_email": "Dan@north.example",
    }
    before = TicketFactory(**mine, owner=cast.ines, state=TicketState.SOLVED)
    fresh = TicketFactory(**mine | {"requester_email": "dan@north.example"})
    strange = TicketFactory(**mine | {"requester_email": "eve@north.example"})
    ian, page = staff_client(cast.ian), f"/triage/it/tickets/{fresh.public_id}/"
    room = {"room": f"it:{cast.practice.public_id}", "socket": "s1", "place": "", "typing": False}
    presence.here(**room, person_id=cast.ines.public_id, name="Ines")

    text = " ".join(ian.get(page).content.decode().split())
    assert f"Give it to {cast.ines.name}" in text
    assert f'href="{page}?open=assign#assign"' in text
    assert f"{cast.ines.name} ·" in " ".join(ian.get(f"{page}?open=assign").content.decode().split())
    assert "last ticket" not in ian.get(f"/triage/it/tickets/{strange.public_id}/").content.decode()
    Ticket.objects.filter(pk=before.pk).update(solved_at=before.created_at - dt.timedelta(days=15))
    assert "last ticket" not in ian.get(page).content.decode()

    for stranger in (cast.olivia, cast.charlie):  # an office's, another practice's
        assert ian.post(f"{page}assign/", {"to": stranger.public_id}).status_code == 404
        assert staff_client(stranger).post(f"{page}assign/", {"to": cast.ines.public_id}).status_code in (403, 404)
    assert ian.post(f"{page}assign/", {"to": cast.ines.public_id})["Location"] == page
    assert ian.post(f"{page}assign/", {"to": cast.ian.public_id}).status_code == 409
    assert refresh(fresh).owner == cast.ines


def test_a_flag_says_who_had_the_patients_last_one(cast, staff_client):
    """HD-08."""
    ticket = TicketFactory(office=cast.north, patient=cast.pat, state=TicketState.OPEN)
    FlagFactory(ticket=ticket, office=cast.north, sent_by=cast.olivia, state="done", assignee=cast.ines)
    flag = FlagFactory(ticket=ticket, office=cast.north, sent_by=cast.olivia)
    page = f"/triage/it/flags/{flag.public_id}/"

    assert "had this patient" in staff_client(cast.ian).get(page).content.decode()
    assert "You had this patient" in staff_client(cast.ines).get(page).content.decode()


def test_an_address_that_is_none_does_not_keep_a_ticket_from_a_colleague(cast, staff_client, nina, fresh):
    type(nina).objects.filter(pk=nina.pk).update(email="nina@clinic .example")

    staff_client(cast.olivia).post(f"/triage/office/tickets/{fresh.public_id}/assign/", {"to": nina.public_id})

    assert (refresh(fresh).owner, Delivery.objects.count()) == (nina, 0)
    assert AuditEvent.objects.filter(action="notify:left-out").count() == 1
