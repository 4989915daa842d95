"""The list of the IT console: what is due first, nothing cut off in silence, filters, views, the next one."""

import datetime as dt

import pytest
from django.urls import reverse

from helpdesk.enums import Category
from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory, refresh
from triage import console, errors
from triage.actions import escalations
from triage.enums import EscalationState
from triage.models import SavedView

E = EscalationState
IT = "/triage/it/"


@pytest.fixture
def flag(cast):
    """`flag(hours)`: one whose ticket has waited that long."""

    def make(hours=0, *, office=None, **values):
        at = clock.now() - dt.timedelta(hours=hours)
        row = FlagFactory(office=office or cast.north, sent_by=cast.olivia, at=at, **values)
        type(row.ticket).objects.filter(pk=row.ticket_id).update(turn_since=at)
        return row

    return make


def listed(ian, query=""):
    return [row["flag"] for row in ian.get(f"{IT}{query}").context["flags"]]


def test_its_own_move_first_and_the_longest_waiting_on_top(ian, flag):
    """Whose move it is sorts every queue."""
    asked = flag(9, state=E.NEED_OFFICE)
    young, old = flag(1), flag(5, state=E.INVESTIGATING, category=Category.SLOW)

    assert listed(ian) == [old, young, asked]
    assert listed(ian, "?turn=it") == [old, young]
    assert listed(ian, "?turn=office") == [asked]
    assert listed(ian, "?category=SLOW") == [old]


def test_linked_flags_hide_no_other_and_the_rest_is_on_the_next_page(cast, ian, flag):
    """In a large incident the flags that wait for it are counted; whatever is more than a page is on the next."""
    for n in range(6):
        flag(n, state=E.LINKED)
    old, middle, young = flag(30), flag(20), flag(10)
    first = console.it_flags(cast.ian, limit=2)
    second = console.it_flags(cast.ian, after=first.after, limit=2)
    assert ([*first.flags, *second.flags], second.after) == ([old, middle, young], "")
    for broken in ("x", "0_x", "7_2026-01-01T00:00:00+00:00_1"):
        assert console.it_flags(cast.ian, after=broken).flags == [old, middle, young]

    page = ian.get(IT)
    assert page.context["linked"] == 6
    told = ian.get("/api/v1/flags/?limit=2").json()
    assert [one["id"] for one in told["results"]] == [old.public_id, middle.public_id]
    rest = ian.get("/api/v1/flags/", {"after": told["after"]}).json()
    assert ([one["id"] for one in rest["results"]], rest["after"]) == ([young.public_id], "")
    assert AuditEvent.objects.filter(action="flag:list").count() == 2


def test_who_has_it_and_which_office(cast, ian, flag):
    mine = flag(3, state=E.INVESTIGATING, assignee=cast.ian)
    theirs = flag(2, state=E.INVESTIGATING, assignee=cast.ines)
    south = flag(1, office=cast.south)

    assert (listed(ian, "?who=mine"), listed(ian, "?who=nobody")) == ([mine], [south])
    assert listed(ian, f"?office={cast.north.public_id}") == [mine, theirs]
    assert "Nothing fits this view" in ian.get(f"{IT}?category=BROWSER").content.decode()


def test_a_view_of_the_console_stays_off_the_offices_list(cast, ian):
    ian.post("/triage/it/views/", {"name": "Mine", "who": "mine"})
    ian.post("/triage/it/views/", {"name": "Empty"})

    (row,) = SavedView.objects.all()
    assert row.wanted == {"who": "mine", "desk": "it"}
    assert [one["view"].name for one in ian.get(f"{IT}?who=mine").context["views"]] == ["Mine"]
    ian.post("/triage/it/views/remove/", {"view": row.public_id})
    assert not SavedView.objects.exists()


def test_next_is_what_is_due_first_and_nobodys_or_mine(cast, ian, flag):
    theirs = flag(9, state=E.INVESTIGATING, assignee=cast.ines)
    first, second, third = flag(5), flag(4), flag(3)
    flag(8, snoozed_until=clock.now() + dt.timedelta(hours=1), snooze_reason="vendor")

    def after(row=None):
        return ian.get("/triage/it/next/", {"from": row.public_id if row else ""}).url

    def page(row):
        return reverse("triage:it-flag", args=[row.public_id])

    assert [after(), after(first), after(third)] == [page(first), page(second), page(first)]
    assert theirs.public_id not in after(second)
    # Off our hands: the next one is shown. Accepting is the beginning of work: it stays.
    assert ian.post(f"{page(first)}accept/").url == page(first)
    assert ian.post(f"{page(first)}answer/", {"text": "Done."}).url == page(second)


def test_a_flag_is_taken_over_from_a_colleague(cast, ian, flag):
    row = flag(state=E.INVESTIGATING, assignee=cast.ines, accepted_at=clock.now())
    url = reverse("triage:take-over", args=[row.public_id])
    for _press in range(2):
        ian.post(url)
    assert refresh(row).assignee == cast.ian
    assert AuditEvent.objects.filter(action="flag:assign").count() == 1
    for wrong in (flag(), flag(state=E.DONE, accepted_at=clock.now())):
        with pytest.raises(errors.EscalationMoved):
            escalations.take_over(flag=wrong, staff=cast.ian, by=cast.ian.actor)


def test_what_providers_wrote_has_pages_and_what_is_put_aside_is_found(cast, ian):
    written = [TicketFactory(office=cast.north, side="it", requester_kind="provider") for _ in range(22)]
    aside = TicketFactory(
        office=cast.north, side="it", requester_kind="provider", snooze_reason="outside",
        snoozed_until=clock.now() + dt.timedelta(days=1),
    )  # fmt: skip
    first = ian.get(IT)
    rest = ian.get(IT, {"tickets": first.context["tickets_after"]})
    assert [*first.context["provider_tickets"], *rest.context["provider_tickets"]] == written
    assert list(ian.get(f"{IT}?aside=1").context["provider_tickets"]) == [aside]
