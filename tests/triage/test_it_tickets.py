"""What a provider or a colleague wrote to IT: worked by the keys and drafts of the office's desk (TR-09, HD-17)."""

import re

import pytest
from django.urls import reverse

from helpdesk.enums import RequesterKind, Side, TicketState
from helpdesk.models import TicketUndo
from tests.helpdesk.factories import TicketFactory, refresh
from triage.actions import presence
from triage.models import Draft, Mention


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def row(cast):
    return TicketFactory(
        office=cast.north, side=Side.IT, requester_kind=RequesterKind.PROVIDER, requester_name="Dr. Hart"
    )


def keys(page):
    return set(re.findall(r'data-key="(.)"', page.content.decode()))


def test_the_page_has_the_keys_of_the_office_desk(cast, ian, row):
    other = TicketFactory(office=cast.south, side=Side.IT, requester_kind=RequesterKind.STAFF)
    page = ian.get(url("it-ticket", row.public_id))

    assert {"u", "j", "t", "r", "n", "s", "z", "d"} <= keys(page)
    assert url("it-ticket", other.public_id) in page.content.decode()
    assert 'data-live="/ws/triage/it/"' in page.content.decode()


def test_a_ticket_is_taken_answered_noted_and_solved(ian, cast, row):
    here = url("it-ticket", row.public_id)
    assert ian.post(url("it-take", row.public_id)).url == here
    assert refresh(row).owner == cast.ian
    for _ in range(2):  # a double click
        typed = {"body": "Calling you.", "idempotency_key": "k1"}
        assert ian.post(url("it-reply", row.public_id), typed).url == here
    assert ian.post(url("it-note", row.public_id), {"body": "@olivia knows."}).url == here
    assert ian.post(url("it-solve", row.public_id), {"resolution": "it", "note": "Reset."}).url == url("it")

    assert (refresh(row).state, refresh(row).resolution) == (TicketState.SOLVED, "it")
    assert [one.body for one in row.messages.order_by("id")] == ["Calling you.", "@olivia knows.", "Reset."]
    assert not Mention.objects.exists()  # no office may open IT's tickets: nobody there is told of one


def test_a_colleague_has_it_already_and_is_taken_over_knowingly(ian, cast, row):
    cast_owner = refresh(row)
    cast_owner.owner = cast.ines
    cast_owner.save(update_fields=["owner"])

    refused = ian.post(url("it-take", row.public_id))
    assert refused.status_code == 409
    assert refresh(row).owner == cast.ines

    ian.post(url("it-take", row.public_id), {"over": "1"})
    assert refresh(row).owner == cast.ian


def test_what_is_being_written_is_kept_and_claims_the_ticket(ian, cast, row):
    told = ian.post(url("it-draft", row.public_id), {"kind": "reply", "body": "Dear Dr. H"}).json()

    assert told == {"kept": True, "claimed": True, "mine": True, "owner": "Ian Staff"}
    assert "Dear Dr. H</textarea>" in ian.get(url("it-ticket", row.public_id)).content.decode()
    ian.post(url("it-reply", row.public_id), {"body": "Dear Dr. Hart, try again."})
    assert not Draft.objects.exists()
    ian.post(url("it-undo"), {"undo": TicketUndo.objects.latest("id").public_id})
    assert Draft.objects.get().body == "Dear Dr. Hart, try again."
    assert ian.post(url("it-draft", row.public_id), {"kind": "answer", "body": "x"}).status_code == 404


def test_a_form_that_is_wrong_keeps_what_was_typed(ian, row):
    long = "x" * 4001
    answer = ian.post(url("it-note", row.public_id), {"body": long})
    assert answer.status_code == 422
    assert long in answer.content.decode()
    assert ian.post(url("it-reply", row.public_id), {"body": ""}).status_code == 422
    assert ian.post(url("it-solve", row.public_id), {"resolution": "?"}).status_code == 422
    assert refresh(row).state == TicketState.NEW


def test_a_closed_ticket_says_so_and_keeps_the_words(ian, row):
    type(row).objects.filter(pk=row.pk).update(
        state=TicketState.CLOSED, solved_at=row.created_at, solved_by="Ian Staff", resolution="it",
        closed_at=row.created_at,
    )  # fmt: skip
    answer = ian.post(url("it-reply", row.public_id), {"body": "One more thing"})
    assert answer.status_code == 409
    assert "One more thing</textarea>" in answer.content.decode()


def test_a_live_refresh_holds_the_parts_it_swaps(ian, row):
    here = url("it-ticket", row.public_id)
    whole = ian.get(here).content.decode()
    part = ian.get(here, headers={"HX-Request": "true", "HX-Target": "ticket-state"}).content.decode()

    for one in ("ticket-state", "ticket-clock", "ticket-actions", "thread"):
        assert part.count(f'id="{one}"') == whole.count(f'id="{one}"') == 1, one
    assert "<html" not in part
    assert 'id="note"' not in part


def test_colleagues_see_each_other_there(cast, ian, row):
    from helpdesk.actions.tickets import it_group

    presence.here(
        room=it_group(cast.practice.public_id), socket="s1", person_id=cast.ines.public_id, name=cast.ines.name,
        place=row.public_id, typing=True,
    )  # fmt: skip
    assert "Ines Staff is writing" in ian.get(url("it-ticket", row.public_id)).content.decode()


@pytest.mark.parametrize("name", ["it-take", "it-reply", "it-note", "it-draft", "it-solve"])
def test_an_office_has_no_such_door_and_it_none_to_a_patients_ticket(cast, ian, staff_client, ticket, row, name):
    """TR-01"""
    assert staff_client(cast.olivia).post(url(name, row.public_id), {"body": "x"}).status_code == 403
    assert ian.post(url(name, ticket.public_id), {"body": "x", "kind": "reply"}).status_code == 404
    assert ian.get(url(name, row.public_id)).status_code == 405
