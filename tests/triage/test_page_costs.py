"""What a page of a desk costs: few queries, the same with few rows and with many; a refresh pays for its parts only."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from helpdesk import access as helpdesk
from helpdesk.actions import tickets
from helpdesk.enums import Hanging, TicketState
from portal_core.access.queries import portal_status
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import (
    AttachmentFactory,
    PhoneCallFactory,
    TicketFactory,
    TicketLinkFactory,
    TicketMessageFactory,
    TicketRatingFactory,
)
from tests.triage.factories import (
    AttemptFactory,
    AttestationFactory,
    CannedReplyFactory,
    DraftFactory,
    FlagFactory,
    HoldFactory,
    MentionFactory,
    PlaybookStepFactory,
    RoutingVersionFactory,
    SavedViewFactory,
)
from triage import access, beside
from triage.enums import AttemptOutcome, EscalationState
from triage.models import SavedView

LIVE = {"HX-Request": "true", "HX-Target": "tickets"}
IDS = ("ticket-state", "ticket-clock", "ticket-actions", "thread", "flags", "identity-live", "tickets")


@pytest.fixture
def ines(cast, staff_client):
    return staff_client(cast.ines)


def page_of(ticket):
    return reverse("triage:office-ticket", args=[ticket.public_id])


def cost(visitor, address, **more):
    """Queries of a second visit; the first fills what is kept for a moment."""
    assert visitor.get(address, **more).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        visitor.get(address, **more)
    return len(asked)


def busy(cast, ticket):
    """A desk with much on it, and a ticket with a conversation, flags and prepared answers."""
    for n in range(3):
        number = SavedView.objects.count()
        tickets.add_note(ticket=ticket, body=f"Note {n}", by=cast.olivia.actor)
        TicketFactory(office=cast.north, patient=cast.pat)
        CannedReplyFactory(practice=cast.practice, title=f"Answer {number}")
        SavedViewFactory(staff=cast.olivia, name=f"View {number}")
    for state in (EscalationState.RETURNED, EscalationState.DONE):
        FlagFactory(office=cast.north, sent_by=cast.olivia, ticket=ticket, state=state)


# --- the office's page ------------------------------------------------------------------------------------------------
def test_the_list_and_a_ticket_beside_it_take_twelve_queries_whatever_is_there(cast, ticket, olivia):
    """Session, user, person, roles; ticket, list, flags, what is kept, conversation, incidents, ledger."""
    counts = [cost(olivia, page_of(ticket))]
    for _ in range(2):
        busy(cast, ticket)
        counts.append(cost(olivia, page_of(ticket)))

    assert counts == [11, 11, 11]
    assert cost(olivia, reverse("triage:office")) == 10


def test_what_hangs_on_a_ticket_is_asked_for_only_where_it_is(cast, ticket, olivia):
    """One more query for each kind of thing that is there: files, calls and who usually makes them, joined tickets."""
    plain = cost(olivia, page_of(ticket))

    AttachmentFactory(ticket=ticket)
    assert cost(olivia, page_of(ticket)) == plain + 1
    PhoneCallFactory(office=cast.north, ticket=ticket, staff=cast.olivia)
    assert cost(olivia, page_of(ticket)) == plain + 4
    TicketLinkFactory(ticket=ticket)
    assert cost(olivia, page_of(ticket)) == plain + 5


def test_a_check_under_way_costs_two_more(cast, ticket, olivia):
    """The checks of this patient, and the ledger's word on when they moved."""
    plain = cost(olivia, page_of(ticket))
    AttemptFactory(ticket=ticket, attester=cast.olivia)
    assert cost(olivia, page_of(ticket)) == plain + 2


def test_a_live_refresh_holds_the_parts_it_swaps_and_nothing_else(cast, ticket, olivia):
    busy(cast, ticket)
    whole = olivia.get(page_of(ticket)).content.decode()
    part = olivia.get(page_of(ticket), headers=LIVE).content.decode()

    for one in IDS:
        assert part.count(f'id="{one}"') == whole.count(f'id="{one}"') == 1, one
    for one in ("replyform_body", "flag", "solve", "playbook", "bulk", "patient", "assign"):
        assert f'id="{one}"' not in part, one
    assert "<html" not in part
    assert len(part) < len(whole) / 2
    assert cost(olivia, page_of(ticket), headers=LIVE) == 9
    assert cost(olivia, reverse("triage:office"), headers=LIVE) == 6


def test_a_live_refresh_of_the_list_alone_names_nobody_anew_in_the_ledger(ticket, olivia):
    olivia.get(reverse("triage:office"), headers=LIVE)
    assert not AuditEvent.objects.filter(action__startswith="ticket:").exists()
    olivia.get(page_of(ticket), headers=LIVE)
    assert list(AuditEvent.objects.filter(action__startswith="ticket:").values_list("action", flat=True)) == [
        "ticket:read"
    ]


@pytest.mark.parametrize(("section", "said"), [("help", "/desk/help/"), ("assign", "Nina Staff")])
def test_a_section_is_filled_when_somebody_opens_it(cast, olivia, section, said):
    """By the script that fetches the part, and by the link that is there without one."""
    from portal_core.directory.enums import Role
    from tests.cast import make_staff

    make_staff("Nina", cast.practice, (Role.OFFICE_STAFF, cast.north))
    ticket = TicketFactory(office=cast.north, patient=cast.pat, category="LOGIN_PWD")
    body = f'id="{section}-body"'
    closed = olivia.get(page_of(ticket)).content.decode()
    assert f'href="{page_of(ticket)}?open={section}#{section}"' in closed
    assert said not in closed.split(body)[1].split("</details>")[0]

    opened = olivia.get(f"{page_of(ticket)}?open={section}").content.decode()
    assert said in opened.split(body)[1].split("</details>")[0]
    part = olivia.get(
        f"{page_of(ticket)}?open={section}", headers={"HX-Request": "true", "HX-Target": f"{section}-body"}
    ).content.decode()
    assert said in part.split(body)[1]
    assert 'id="thread"' not in part


def test_a_section_of_a_strange_ticket_is_not_there(cast, staff_client, ticket):
    for person in (cast.oscar, cast.ian, cast.charlie):
        answer = staff_client(person).get(
            f"{page_of(ticket)}?open=assign", headers={"HX-Request": "true", "HX-Target": "assign-body"}
        )
        assert answer.status_code in (403, 404)


# --- what the ticket's own query tells --------------------------------------------------------------------------------
def test_what_hangs_on_a_ticket_is_known_from_its_row(cast, ticket, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert ticket.may_have(Hanging.FILES)  # nobody looked: it is worth asking
    assert helpdesk.ticket_for(cast.olivia, ticket.public_id, whole=True).hanging == frozenset()

    AttachmentFactory(ticket=ticket)
    TicketFactory(office=cast.north, state=TicketState.MERGED, merged_into=ticket)
    TicketRatingFactory(ticket=ticket)
    TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia)
    row = helpdesk.ticket_for(cast.olivia, ticket.public_id, whole=True)

    assert row.hanging == {Hanging.FILES, Hanging.JOINED, Hanging.RATINGS, Hanging.BEFORE}
    assert row.may_have(Hanging.CALLS, Hanging.FILES)
    assert not row.may_have(Hanging.CALLS)


def test_what_is_kept_beside_a_ticket_is_known_from_its_row(cast, ticket):
    known = beside.of(access.open_ticket(cast.olivia, ticket.public_id))
    assert (known.checked, known.coded, known.held, known.alarmed, known.tried) == (False,) * 5
    assert known.portal == portal_status(cast.pat)
    assert known.last is not None

    AttestationFactory(attempt__ticket=ticket, attempt__attester=cast.olivia)
    HoldFactory(patient=cast.pat)
    AttemptFactory(ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.FAILED)
    edits = {"LOGIN_UID": {"level": "r3"}}
    RoutingVersionFactory(practice=cast.practice, edits=edits)
    known = beside.of(access.open_ticket(cast.olivia, ticket.public_id))

    assert (known.checked, known.held, known.alarmed) == (True, True, True)
    assert known.table["LOGIN_UID"].level == "r3"


def test_a_ticket_nobody_was_matched_to_has_no_portal_status(cast):
    row = access.open_ticket(cast.olivia, TicketFactory(office=cast.north).public_id)
    assert beside.of(row).portal is None


def test_one_query_brings_what_people_at_a_desk_keep(cast, ticket, django_assert_num_queries):
    SavedViewFactory(staff=cast.olivia, name="Mine", wanted={"turn": "office"})
    SavedViewFactory(staff=cast.oscar, name="His")
    MentionFactory(staff=cast.olivia, ticket=ticket)
    DraftFactory(staff=cast.olivia, about=ticket.public_id, kind="note", body="Half a")
    CannedReplyFactory(practice=cast.practice, title="Hello", body="Dear all")
    CannedReplyFactory(practice=cast.practice, side="it", title="For IT")
    CannedReplyFactory(practice=cast.practice, office=cast.south, title="South")
    PlaybookStepFactory(ticket=ticket, step="check_setup", done_by=cast.olivia)

    with django_assert_num_queries(1):
        kept = beside.kept(cast.olivia, ticket=ticket)

    assert [(row.name, row.wanted) for row in kept.views] == [("Mine", {"turn": "office"})]
    assert (kept.mentioned, kept.drafts, kept.steps) == ({ticket.pk}, {"note": "Half a"}, {"check_setup"})
    assert [(row.title, row.body) for row in kept.canned] == [("Hello", "Dear all")]
    with django_assert_num_queries(1):
        of_it = beside.kept(cast.ines, about="f" * 20, side="it", lists=False)
    assert ([row.title for row in of_it.canned], of_it.views) == (["For IT"], [])


def test_what_was_written_on_a_joined_ticket_is_read_once(cast, ticket):
    """The conversation of a ticket and of those joined into it, in the order it was written."""
    joined = TicketFactory(office=cast.north, state=TicketState.MERGED, merged_into=ticket)
    first = TicketMessageFactory(ticket=joined, body="Earlier")
    last = TicketMessageFactory(ticket=ticket, body="Later")
    TicketMessageFactory(ticket=TicketFactory(office=cast.north), body="Another's")
    from helpdesk.queries import thread

    for row in (ticket, helpdesk.ticket_for(cast.olivia, ticket.public_id, whole=True)):
        assert [one.public_id for one in thread(row)] == [first.public_id, last.public_id]


# --- IT's pages -------------------------------------------------------------------------------------------------------
def test_the_console_and_a_flag_cost_the_same_with_few_and_many(cast, ines):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    written = TicketFactory(office=cast.north, side="it", requester_kind="provider")
    pages = (
        reverse("triage:it"),
        reverse("triage:it-flag", args=[flag.public_id]),
        reverse("triage:it-ticket", args=[written.public_id]),
    )
    few = [cost(ines, one) for one in pages]
    for n, kind in enumerate(("LOGIN_PWD", "BROWSER", "SLOW")):  # of different kinds: three of one would be a surge
        FlagFactory(office=cast.south, sent_by=cast.olivia, category=kind)
        TicketFactory(office=cast.north, side="it", requester_kind="provider")
        CannedReplyFactory(practice=cast.practice, side="it", title=f"Answer {n}")
        tickets.add_note(ticket=written, body=f"Note {n}", by=cast.ines.actor)

    assert [cost(ines, one) for one in pages] == few == [12, 17, 15]
    refresh = {"HX-Request": "true", "HX-Target": "flag-list"}
    assert cost(ines, pages[1], headers=refresh) == 12


def test_a_live_refresh_of_the_console_holds_the_parts_it_swaps(cast, ines):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    page = reverse("triage:it-flag", args=[flag.public_id])
    whole = ines.get(page).content.decode()
    part = ines.get(page, headers={"HX-Request": "true", "HX-Target": "flag-list"}).content.decode()

    for one in ("flag-list", "proposals", "provider-tickets", "flag-state", "flag-actions", "flag-exchange"):
        assert part.count(f'id="{one}"') == whole.count(f'id="{one}"') == 1, one
    for one in ("bulk", "answer", "decline"):
        assert f'id="{one}"' not in part, one
    assert "<html" not in part


def test_articles_for_a_flag_come_when_they_are_asked_for(cast, ines):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, category="LOGIN_PWD")
    page = reverse("triage:it-flag", args=[flag.public_id])
    assert f'href="{page}?open=help#help"' in ines.get(page).content.decode()
    part = ines.get(f"{page}?open=help", headers={"HX-Request": "true", "HX-Target": "help-body"}).content.decode()
    assert "/desk/help/" in part
    assert 'id="flag-list"' not in part


@pytest.fixture(autouse=True)
def _nobody_remembered():
    cache.clear()
    yield
    cache.clear()
