"""The list of the office desk: narrowed, kept, served, and worked on many at once."""

import datetime as dt

import pytest
from django.urls import reverse

from helpdesk.enums import TicketState
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory, MentionFactory, refresh
from triage.actions import presence
from triage.models import Mention, SavedView


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


@pytest.fixture
def queue(cast):
    """Three tickets of North: nobody's, Olivia's, and one that waits for the patient."""
    return [
        TicketFactory(office=cast.north),
        TicketFactory(office=cast.north, owner=cast.olivia, state=TicketState.OPEN, category="ERROR_MSG"),
        TicketFactory(office=cast.north, state=TicketState.WAIT_PATIENT),
    ]


def shown(answer):
    return [row["ticket"].public_id for row in answer.context["rows"]]


def key(number=1):
    return {"idempotency_key": f"form-{number}"}


# --- narrowing --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2]),
        ("?turn=office", [0, 1]),
        ("?turn=patient", [2]),
        ("?who=mine", [1]),
        ("?who=nobody", [0, 2]),
        ("?who=mentions", []),
        ("?category=ERROR_MSG", [1]),
        ("?turn=nonsense", [0, 1, 2]),
    ],
)
def test_the_list_is_narrowed(olivia, queue, query, places):
    assert shown(olivia.get(url("office") + query)) == [queue[place].public_id for place in places]


def test_the_filter_stays_while_one_works(olivia, queue):
    """Rows, neighbours and the way back keep it; so does a button pressed on the page."""
    page = olivia.get(url("office-ticket", queue[0].public_id) + "?turn=office")
    assert page.context["next_id"] == queue[1].public_id
    text = page.content.decode()
    assert f"{url('office-ticket', queue[1].public_id)}?turn=office" in text

    pressed = olivia.post(
        url("take", queue[0].public_id),
        headers={"referer": f"http://testserver{url('office-ticket', queue[0].public_id)}?turn=office&q=Pat"},
    )
    assert pressed["Location"] == f"{url('office-ticket', queue[0].public_id)}?turn=office"


def test_a_view_is_kept_for_oneself_and_removed(cast, olivia, staff_client, queue):
    olivia.post(url("save-view"), {"name": "My errors", "category": "ERROR_MSG", "who": "mine"})
    olivia.post(url("save-view"), {"name": "My errors", "category": "ERROR_MSG"})
    view = SavedView.objects.get()
    assert (view.staff, view.wanted) == (cast.olivia, {"category": "ERROR_MSG"})
    assert "My errors" in olivia.get(url("office")).content.decode()
    assert [row["current"] for row in olivia.get(url("office") + "?category=ERROR_MSG").context["views"]] == [True]

    oscar = staff_client(cast.oscar)
    oscar.post(url("remove-view"), {"view": view.public_id})
    assert SavedView.objects.count() == 1
    olivia.post(url("remove-view"), {"view": view.public_id})
    assert SavedView.objects.count() == 0


def test_the_thirteenth_view_is_refused(olivia, queue):
    for number in range(12):
        olivia.post(url("save-view"), {"name": f"View {number}", "who": "mine"})
    assert olivia.post(url("save-view"), {"name": "One more", "who": "mine"}).status_code == 409
    olivia.post(url("save-view"), {"name": "View 3", "who": "nobody"})
    assert SavedView.objects.count() == 12


def test_a_view_of_everything_is_not_worth_a_name(olivia, db):
    assert olivia.post(url("save-view"), {"name": "All"}).status_code == 302
    assert not SavedView.objects.exists()


# --- next -------------------------------------------------------------------------------------------------------------
def test_next_is_ours_nobodys_and_left_alone_by_colleagues(cast, olivia, queue):
    """§4.2: serve next; where a colleague is already at work, nobody is sent."""
    assert olivia.get(url("next"))["Location"] == url("office-ticket", queue[0].public_id)
    assert olivia.get(url("next") + f"?from={queue[0].public_id}")["Location"] == url(
        "office-ticket", queue[1].public_id
    )
    presence.here(
        room=f"office:{cast.north.public_id}", socket="s1", person_id="someone", name="Oscar",
        place=queue[0].public_id, typing=False,
    )  # fmt: skip
    assert olivia.get(url("next"))["Location"] == url("office-ticket", queue[1].public_id)


def test_next_is_found_behind_a_page_of_other_peoples(cast, olivia):
    """Fifty of a colleague's in front are no end of the list."""
    long_ago = clock.now() - dt.timedelta(days=3)
    TicketFactory.create_batch(51, office=cast.north, owner=cast.carla, state=TicketState.OPEN, turn_since=long_ago)
    ours = TicketFactory(office=cast.north)

    assert olivia.get(url("next"))["Location"] == url("office-ticket", ours.public_id)


def test_solving_opens_the_next_one_or_the_list(olivia, queue):
    """§4.2: next by default."""
    first = olivia.post(url("solve", queue[0].public_id), {"resolution": "office"})
    assert first["Location"] == url("office-ticket", queue[1].public_id)
    last = olivia.post(url("solve", queue[1].public_id), {"resolution": "office"})
    assert last["Location"] == url("office")


def test_solving_may_lead_back_to_the_list(olivia, queue):
    done = olivia.post(url("solve", queue[0].public_id), {"resolution": "office", "then": "list"})
    assert done["Location"] == url("office")


# --- many at once -----------------------------------------------------------------------------------------------------
def results(answer):
    return [(row["title"], row["result"].refusal) for row in answer.context["results"]]


def test_many_are_taken_and_each_says_how_it_went(cast, olivia, queue):
    theirs = TicketFactory(office=cast.north, owner=cast.oscar, state=TicketState.OPEN)
    strange = TicketFactory(office=cast.south)
    ids = [queue[0].public_id, theirs.public_id, strange.public_id, queue[0].public_id]

    answer = olivia.post(url("bulk"), {"do": "take", "ticket": ids} | key())

    told = results(answer)
    assert told[0] == (queue[0].reference, "")
    assert told[1][0] == theirs.reference
    assert told[1][1] != ""
    assert told[2][0] == ""  # of another office: it might as well not exist
    assert len(told) == 3
    assert (refresh(queue[0]).owner, refresh(theirs).owner, refresh(strange).owner) == (cast.olivia, cast.oscar, None)
    assert AuditEvent.objects.filter(action="ticket:take").count() == 1


def test_a_form_sent_twice_works_once(olivia, queue):
    typed = {"do": "solve", "resolution": "not_needed", "ticket": [row.public_id for row in queue[:2]]} | key()
    olivia.post(url("bulk"), typed)
    again = results(olivia.post(url("bulk"), typed))
    assert {refusal for _title, refusal in again} == {"This was sent before; nothing was done a second time."}
    assert AuditEvent.objects.filter(action="ticket:solve").count() == 2


def test_many_change_their_kind(olivia, queue):
    ids = [row.public_id for row in queue]
    olivia.post(url("bulk"), {"do": "categorise", "category": "LOCKED", "ticket": ids} | key())
    assert {refresh(row).category for row in queue} == {"LOCKED"}


def test_many_wait_for_an_incident(olivia, queue, mail_component):
    from portal_core.kernel.contracts import SYSTEM
    from statuspage.actions import incidents

    late = incidents.declare(
        name="Late mail", body="We look.", components={mail_component: "partial_outage"}, by=SYSTEM, key="k"
    )
    ids = [row.public_id for row in queue]
    olivia.post(url("bulk"), {"do": "link", "incident": late.id, "ticket": ids} | key())
    assert {(refresh(row).state, refresh(row).incident_id) for row in queue} == {("wait_incident", late.id)}


@pytest.mark.parametrize(
    "typed", [{"do": "take"}, {"do": "hand_over", "ticket": ["x"]}, {"do": "nonsense", "ticket": ["x"]}]
)
def test_without_ticks_or_a_target_nothing_happens(olivia, queue, typed):
    assert olivia.post(url("bulk"), typed | key()).status_code == 302
    assert not AuditEvent.objects.filter(action__in=["ticket:take", "ticket:hand_over"]).exists()


def test_many_are_handed_over_among_ones_own_offices_alone(cast, olivia, queue):
    """One by one, and looked at, any goes to any office (`test_ticket_deeds`)."""
    answer = olivia.post(
        url("bulk"), {"do": "hand_over", "office": cast.south.public_id, "ticket": [queue[0].public_id]} | key()
    )
    assert answer.status_code == 302
    assert refresh(queue[0]).office == cast.north


def test_many_flags_are_accepted_or_linked(cast, staff_client, mail_component):
    flags = [FlagFactory(office=cast.north, sent_by=cast.olivia) for _ in range(2)]
    done = FlagFactory(office=cast.north, sent_by=cast.olivia, state="done")
    ian = staff_client(cast.ian)
    ids = [row.public_id for row in [*flags, done]]
    told = results(ian.post(url("bulk-flags"), {"do": "accept", "flag": ids} | key()))
    assert [refusal == "" for _title, refusal in told] == [True, True, False]
    assert {refresh(row).assignee for row in flags} == {cast.ian}


def test_the_desk_costs_the_same_for_one_ticket_and_for_six(cast, olivia):
    """Constant numbers of queries, in the list and with a ticket open."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    first = TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia, state=TicketState.OPEN)
    pages = [url("office"), url("office-ticket", first.public_id), url("office") + "?who=mentions"]
    other = TicketFactory(office=cast.north)
    for row in (first, other):
        MentionFactory(staff=cast.olivia, ticket=row)

    def costs():
        counts = []
        for page in pages:
            olivia.get(page)
            Mention.objects.update(seen_at=None)
            with CaptureQueriesContext(connection) as asked:
                olivia.get(page)
            Mention.objects.update(seen_at=None)
            counts.append(len(asked))
        return counts

    few = costs()
    for _ in range(5):
        row = TicketFactory(office=cast.north, patient=cast.pat, owner=cast.olivia, state=TicketState.OPEN)
        MentionFactory(staff=cast.olivia, ticket=row)
    assert costs() == few


@pytest.mark.parametrize("state", ["resting", TicketState.SOLVED, TicketState.MERGED])
def test_whoever_is_named_on_what_rests_or_is_done_sees_it(cast, staff_client, state):
    """A question to a colleague is not lost because the ticket sleeps or ended meanwhile."""
    values = {"snoozed_until": clock.now() + dt.timedelta(days=1), "snooze_reason": "visit"}
    if state != "resting":
        values = {"state": state}
    if state == TicketState.MERGED:
        values["merged_into"] = TicketFactory(office=cast.north)
    row = TicketFactory(office=cast.north, **values)
    MentionFactory(staff=cast.olivia, ticket=row)

    page = staff_client(cast.olivia).get(url("office") + "?who=mentions")

    assert [one["ticket"] for one in page.context["rows"]] == [row]
    assert next(tab["count"] for tab in page.context["tabs"] if tab["query"] == "who=mentions") == "1"
