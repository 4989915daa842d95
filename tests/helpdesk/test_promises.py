"""Answer times of a practice: set by its administrator, kept for tickets that are open (HD-11)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from helpdesk import queries
from helpdesk.actions import promises, tickets
from helpdesk.enums import Category
from helpdesk.errors import PromisesChanged, PromisesMakeNoSense
from helpdesk.models import ServicePromise
from helpdesk.rules.sla import SHIPPED, Promises, Target, faults
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import refresh
from tests.helpdesk.test_tickets import intake

# Monday 16 November 2026, 9:00 in Chicago
MONDAY = dt.datetime(2026, 11, 16, 15, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
PAGE = "/desk/settings/answer-times/"
FAST = Promises(urgent=Target(15, 60), normal=Target(60, 120))


def at(moment):
    return time_machine.travel(moment, tick=False)


@pytest.fixture
def promise(cast):
    def make(what, seen=0, staff=None):
        staff = staff or cast.ana
        return promises.promise(promises=what, seen=seen, staff=staff, by=staff.actor)

    return make


def opened(cast, category=Category.LOGIN_PWD):
    return tickets.open_from_contact(intake=intake(category=category), office=cast.north, by=SYSTEM)


def test_a_new_ticket_gets_the_new_times_and_an_open_one_keeps_its_own(cast, promise):
    with at(MONDAY):
        before = opened(cast)
    with at(MONDAY + HOUR / 2):
        promise(FAST)
    with at(MONDAY + HOUR):
        after = opened(cast)
        tickets.reply(ticket=before, body="We look into it.", by=cast.olivia.actor)

    assert refresh(before).first_due_at == MONDAY + 4 * HOUR
    assert refresh(before).resolve_due_at == dt.datetime(2026, 11, 17, 22, tzinfo=dt.UTC)  # 16 open hours
    assert (refresh(after).first_due_at, refresh(after).resolve_due_at) == (MONDAY + 2 * HOUR, MONDAY + 3 * HOUR)
    assert refresh(after).alert_at == MONDAY + 2 * HOUR - dt.timedelta(minutes=15)
    with at(MONDAY + HOUR):
        assert queries.timekeeping(refresh(after), now=MONDAY + HOUR).first.startswith(
            "1 business hour, from Mon Nov 16"
        )
        assert queries.timekeeping(refresh(before), now=MONDAY + HOUR).resolve.startswith("16 business hours")


def test_what_turns_out_to_be_urgent_gets_the_urgent_times_of_its_day(cast, promise):
    with at(MONDAY):
        promise(FAST)
        row = opened(cast)
    with at(MONDAY + HOUR / 4):
        promise(SHIPPED, seen=1)
        tickets.set_category(ticket=row, category=Category.SITE_DOWN, by=cast.olivia.actor)

    assert refresh(row).first_due_at == MONDAY + HOUR / 4
    assert refresh(row).resolve_due_at == MONDAY + HOUR


def test_another_practice_keeps_what_ships(cast, promise):
    with at(MONDAY):
        promise(FAST)
        row = tickets.open_from_contact(intake=intake(), office=cast.elsewhere_office, by=SYSTEM)

    assert refresh(row).first_due_at == MONDAY + 4 * HOUR


@pytest.mark.parametrize(
    ("what", "found"),
    [
        (SHIPPED, ()),
        (Promises(Target(0, 240), Target(240, 960)), (("urgent_first", "range"),)),
        (Promises(Target(20, 240), Target(240, 960)), (("urgent_first", "range"),)),
        (Promises(Target(60, 240), Target(240, 12015)), (("normal_resolve", "range"),)),
        (Promises(Target(60, 45), Target(240, 960)), (("urgent_resolve", "before_answer"),)),
        (Promises(Target(300, 300), Target(240, 960)), (("urgent_first", "slower"),)),
        (Promises(Target(60, 975), Target(240, 960)), (("urgent_resolve", "slower"),)),
    ],
)
def test_times_have_to_go_together(cast, promise, what, found):
    assert faults(what) == found
    if found:
        with pytest.raises(PromisesMakeNoSense):
            promise(what)
        assert not ServicePromise.objects.exists()


def test_two_administrators_do_not_overwrite_each_other_and_nothing_changed_is_no_version(cast, promise):
    promise(FAST)
    with pytest.raises(PromisesChanged):
        promise(SHIPPED, seen=0)
    again = promise(FAST, seen=1)

    assert (again.number, ServicePromise.objects.count()) == (1, 1)
    assert promise(SHIPPED, seen=1).number == 2
    assert AuditEvent.objects.filter(action="promises:set").count() == 2


def test_only_those_who_keep_the_settings_change_them(cast, promise, staff_client):
    for stranger in (cast.olivia, cast.ian, cast.carla):
        with pytest.raises(Forbidden):
            promise(FAST, staff=stranger)
        assert staff_client(stranger).get(PAGE).status_code == 403
    assert not ServicePromise.objects.exists()


def test_the_page_says_what_holds_and_changes_it(cast, staff_client):
    ana = staff_client(cast.ana)
    with at(MONDAY):
        shown = ana.get(PAGE).content.decode()
        assert "4 business hours, from Mon Nov 16, 09:00: Mon Nov 16, 13:00." in shown
        assert "The times are as they ship." in shown
        assert shown.count("Mon Nov 16, 13:00.") == shown.count("Every office and IT") == 1

        typed = {
            "urgent_first": "0.5",
            "urgent_resolve": "2",
            "normal_first": "1.25",
            "normal_resolve": "8",
            "seen": "0",
        }
        answer = ana.post(PAGE, typed)
        assert (answer.status_code, answer.url) == (302, reverse("helpdesk:promises"))
        row = ServicePromise.objects.get(practice=cast.practice)
        assert row.promises == Promises(urgent=Target(30, 120), normal=Target(75, 480))
        shown = ana.get(PAGE).content.decode()
        assert "Urgent: 0.5 and 2 h; others: 1.25 and 8 h" in shown
        assert 'value="1.25"' in shown

        stale = ana.post(PAGE, {**typed, "normal_first": "3"})
        assert stale.status_code == 409
        assert 'value="3"' in stale.content.decode()  # nothing typed is lost
        assert ana.post(PAGE, {"do": "ships", "seen": "1"}).status_code == 302
    assert queries.promises(cast.practice.pk)[0].promises == SHIPPED


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"urgent_first": "5"}, "Urgent requests may not wait longer than the others."),
        ({"normal_resolve": "1"}, "A request cannot be solved before it is answered."),
        ({"normal_first": "0.3"}, "step size 0.25"),
        ({"normal_first": "0"}, "greater than or equal to 0.25"),
        ({"normal_first": "NaN"}, "Enter a number."),
        ({"normal_resolve": "201"}, "less than or equal to 200"),
        ({"seen": "x"}, "Somebody changed the answer times meanwhile."),
        ({"normal_first": ""}, "This field is required."),
    ],
)
def test_what_does_not_go_together_is_said_beside_the_field(cast, staff_client, wrong, said):
    typed = {"urgent_first": "1", "urgent_resolve": "4", "normal_first": "4", "normal_resolve": "16.5", "seen": "0"}

    answer = staff_client(cast.ana).post(PAGE, {**typed, **wrong})

    assert answer.status_code == (409 if "seen" in wrong else 422)
    assert said in answer.content.decode()
    assert not ServicePromise.objects.exists()
