"""What is written at the desks: nothing typed is lost, nobody answers twice, whoever is named finds it."""

import datetime as dt

import pytest
from django.urls import reverse

from helpdesk.actions import tickets
from helpdesk.enums import Resolution, TicketState
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from tests.cast import make_staff
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory, refresh
from triage.actions import drafts
from triage.enums import DraftKind
from triage.models import CannedReply, Draft, Mention

NAMED_ME = 4  # the place of that tab


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def row(cast):
    return TicketFactory(office=cast.north)


# --- drafts -----------------------------------------------------------------------------------------------------------
def test_a_draft_survives_on_the_server_and_goes_with_the_reply(cast, olivia, staff_client, row):
    kept = olivia.post(url("draft", row.public_id), {"kind": "reply", "body": "We are look"})
    assert kept.json() == {"kept": True, "claimed": True, "mine": True, "owner": "Olivia Staff"}
    olivia.post(url("draft", row.public_id), {"kind": "reply", "body": "We are looking."})

    another_device = staff_client(cast.olivia)
    assert "We are looking." in another_device.get(url("office-ticket", row.public_id)).content.decode()
    assert Draft.objects.count() == 1

    olivia.post(url("reply", row.public_id), {"body": "We are looking."})
    assert not Draft.objects.exists()


def test_a_draft_is_its_authors_alone(cast, olivia, staff_client, row):
    mate = make_staff("Mina", cast.practice, ("office_staff", cast.north))
    olivia.post(url("draft", row.public_id), {"kind": "note", "body": "Only mine"})
    assert "Only mine" not in staff_client(mate).get(url("office-ticket", row.public_id)).content.decode()
    page = olivia.get(url("office-ticket", row.public_id))
    assert page.context["note_open"] is True
    assert page.context["note_form"].initial == {"body": "Only mine"}


def test_a_refused_reply_keeps_the_draft(cast, olivia, row):
    """What was typed is there again, also when the ticket closed meanwhile."""
    olivia.post(url("draft", row.public_id), {"kind": "reply", "body": "Too late"})
    tickets.solve(ticket=refresh(row), resolution=Resolution.OFFICE, by=cast.olivia.actor)
    week_ago = clock.now() - dt.timedelta(days=8)
    type(row).objects.filter(pk=row.pk).update(solved_at=week_ago)
    tickets.close(ticket=refresh(row), by=SYSTEM)
    assert olivia.post(url("reply", row.public_id), {"body": "Too late"}).status_code == 409
    assert Draft.objects.get().body == "Too late"


def test_an_emptied_draft_is_forgotten_and_an_old_one_swept_out(cast, olivia, row):
    drafts.keep(staff=cast.olivia, kind=DraftKind.NOTE, about="x", body="old")
    Draft.objects.update(changed_at=clock.now() - drafts.KEEP * 2)
    olivia.post(url("draft", row.public_id), {"kind": "reply", "body": "A"})
    assert [one.body for one in Draft.objects.all()] == ["A"]
    olivia.post(url("draft", row.public_id), {"kind": "reply", "body": "  "})
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    ("who", "kind", "status"), [("oscar", "reply", 404), ("ian", "reply", 403), ("olivia", "x", 404)]
)
def test_strangers_and_strange_kinds_keep_nothing(cast, staff_client, row, who, kind, status):
    answer = staff_client(getattr(cast, who)).post(url("draft", row.public_id), {"kind": kind, "body": "A"})
    assert answer.status_code == status
    assert not Draft.objects.exists()
    assert refresh(row).owner is None


def test_it_keeps_drafts_of_flags(cast, staff_client):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    ian = staff_client(cast.ian)
    told = ian.post(url("flag-draft", flag.public_id), {"kind": "ask", "text": "Which browser"}).json()
    assert (told["claimed"], refresh(flag).state) == (False, "sent")
    told = ian.post(url("flag-draft", flag.public_id), {"kind": "answer", "text": "Restart it"}).json()
    assert (told["claimed"], refresh(flag).state, refresh(flag).assignee) == (True, "investigating", cast.ian)
    assert "Restart it" in ian.get(url("it-flag", flag.public_id)).content.decode()

    ian.post(url("answer", flag.public_id), {"text": "Restart it."})
    assert [one.kind for one in Draft.objects.all()] == ["ask"]


# --- the soft claim ---------------------------------------------------------------------------------------------------
def test_whoever_begins_to_answer_has_it_and_the_second_is_told(cast, olivia, staff_client, row):
    """§5.3: start typing is take; never over somebody else."""
    mina = make_staff("Mina", cast.practice, ("office_staff", cast.north))
    olivia.post(url("draft", row.public_id), {"kind": "reply", "body": "Dear"})
    told = staff_client(mina).post(url("draft", row.public_id), {"kind": "reply", "body": "Hello"}).json()
    assert told == {"kept": True, "claimed": False, "mine": False, "owner": "Olivia Staff"}
    assert (refresh(row).owner, refresh(row).state) == (cast.olivia, TicketState.OPEN)
    assert AuditEvent.objects.filter(action="ticket:take").count() == 1


@pytest.mark.parametrize("typed", [{"kind": "note", "body": "A"}, {"kind": "reply", "body": " "}])
def test_a_note_or_nothing_claims_nothing(olivia, row, typed):
    assert olivia.post(url("draft", row.public_id), typed).json()["claimed"] is False
    assert refresh(row).owner is None


def test_a_note_pressed_twice_is_one_note(olivia, row):
    typed = {"body": "Called twice.", "idempotency_key": "k1"}
    assert [olivia.post(url("note", row.public_id), typed).status_code for _ in range(2)] == [302, 302]
    assert row.messages.count() == 1
    assert olivia.post(url("note", row.public_id), {**typed, "body": "Something else."}).status_code == 409
    assert row.messages.count() == 1


# --- mentions ---------------------------------------------------------------------------------------------------------
def test_whoever_is_named_finds_it_and_looking_is_enough(cast, olivia, staff_client, row):
    mina = make_staff("Mina", cast.practice, ("office_staff", cast.north))
    answer = olivia.post(
        url("note", row.public_id), {"body": "@mina knows her. @oscar does not work here. @olivia"}, follow=True
    )
    assert "It waits for Mina Staff." in answer.content.decode()
    assert [(one.staff, one.by_label) for one in Mention.objects.all()] == [(mina, "Olivia Staff")]
    assert AuditEvent.objects.filter(action="ticket:mention").count() == 1

    desk = staff_client(mina)
    named = desk.get(url("office") + "?who=mentions")
    assert [one["ticket"] for one in named.context["rows"]] == [row]
    assert [tab["count"] for tab in named.context["tabs"]][NAMED_ME] == "1"
    desk.get(url("office-ticket", row.public_id))
    assert [tab["count"] for tab in desk.get(url("office")).context["tabs"]][NAMED_ME] == ""


def test_a_ticket_that_left_for_another_office_calls_nobody_any_more(cast, olivia, staff_client, row):
    mina = make_staff("Mina", cast.practice, ("office_staff", cast.north))
    olivia.post(url("note", row.public_id), {"body": "@mina"})
    tickets.hand_over(ticket=row, office=cast.south, by=cast.olivia.actor)
    assert [tab["count"] for tab in staff_client(mina).get(url("office")).context["tabs"]][NAMED_ME] == ""


# --- prepared answers -------------------------------------------------------------------------------------------------
TYPED = {"title": "On it", "body": "{{ my_name }} of {{ office }} looks into {{ reference }}. Call {{ office_phone }}."}


def test_a_manager_keeps_an_answer_and_the_desk_finds_it_filled_in(cast, staff_client):
    oscar = staff_client(cast.oscar)
    assert oscar.post(url("replies"), TYPED | {"place": cast.south.public_id}).status_code == 302
    row = TicketFactory(office=cast.south)
    reply = CannedReply.objects.get()
    page = oscar.get(url("office-ticket", row.public_id) + f"?canned={reply.public_id}")
    wanted = f"Oscar of South looks into {row.reference}. Call {cast.south.phone_shown}."
    assert page.context["canned"] == [{"id": reply.public_id, "title": "On it", "text": wanted}]
    assert page.context["reply_form"].initial == {"body": wanted}

    changed = oscar.post(
        f"{url('replies')}?edit={reply.public_id}", {"title": "On it!", "body": "Hi", "place": cast.south.public_id}
    )
    assert (changed.status_code, refresh(reply).title) == (302, "On it!")
    oscar.post(url("replies"), {"do": "remove", "reply": reply.public_id})
    assert not CannedReply.objects.exists()
    assert list(AuditEvent.objects.filter(action__startswith="canned_reply").values_list("action", flat=True)) == [
        "canned_reply:add", "canned_reply:change", "canned_reply:remove",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "places"),
    [
        ("olivia", set()),
        ("oscar", {"South"}),
        ("ana", {"All offices", "North", "South", "West"}),
        ("ines", {"IT console"}),
        ("ian", set()),
    ],
)
def test_who_may_keep_answers_where(cast, staff_client, who, places):
    page = staff_client(getattr(cast, who)).get(url("replies"))
    assert {str(label) for _key, label in page.context["form"].fields["place"].choices} == places


def test_nobody_writes_for_an_office_that_is_not_theirs(cast, staff_client):
    oscar = staff_client(cast.oscar)
    assert oscar.post(url("replies"), TYPED | {"place": cast.north.public_id}).status_code == 422
    assert oscar.post(url("replies"), TYPED | {"place": "all"}).status_code == 422
    theirs = CannedReply.objects.create(
        practice=cast.practice, office=cast.north, side="office", title="N", body="B", changed_at=clock.now()
    )
    assert oscar.post(url("replies"), {"do": "remove", "reply": theirs.public_id}).status_code == 404
    assert CannedReply.objects.count() == 1


def test_a_name_in_an_answer_and_a_title_twice_are_refused_and_kept_on_the_page(cast, staff_client):
    """HD-02: nobody has proved who reads the answer."""
    ana = staff_client(cast.ana)
    bad = ana.post(url("replies"), {"title": "Hi", "body": "Dear {{ first_name }}", "place": "all"})
    assert bad.status_code == 422
    assert "would name the patient" in bad.content.decode()
    assert "Dear {{ first_name }}" in bad.content.decode()
    assert ana.post(url("replies"), TYPED | {"place": "all"}).status_code == 302
    assert ana.post(url("replies"), TYPED | {"place": "all"}).status_code == 409
    assert CannedReply.objects.count() == 1


def test_answers_of_it_are_for_flags_and_those_of_an_office_for_its_tickets(cast, staff_client, row):
    staff_client(cast.ines).post(url("replies"), {"title": "Cache", "body": "Empty the cache.", "place": "it"})
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    assert [one["title"] for one in staff_client(cast.ian).get(url("it-flag", flag.public_id)).context["canned"]] == [
        "Cache"
    ]
    assert staff_client(cast.olivia).get(url("office-ticket", row.public_id)).context["canned"] == []
