"""Opening hours and days off: a manager sets them, the contact page says them (HD-11)."""

import datetime as dt

import pytest
import time_machine
from django.urls import reverse

from helpdesk.actions import hours
from helpdesk.errors import HoursMakeNoSense, WrongOffice
from helpdesk.models import BusinessHours, Holiday
from helpdesk.queries import calendar_of, calendar_of_it, places
from helpdesk.rules.hours import Calendar, opening, parse_spans
from helpdesk.rules.opening_words import until_words, week_words
from helpdesk.rules.public_holidays import federal_holidays
from portal_core.kernel.models import AuditEvent

pytestmark = pytest.mark.django_db
FRIDAY_EVENING = dt.datetime(2026, 11, 20, 17, 30, tzinfo=dt.timezone(dt.timedelta(hours=-6)))


def page(name, *args):
    return reverse(f"helpdesk:{name}", args=args)


@pytest.fixture
def ana(cast, staff_client):
    """The owner; the clock stands at Friday evening in Chicago."""
    with time_machine.travel(FRIDAY_EVENING, tick=False):
        yield staff_client(cast.ana)


def typed(**spans):
    """Form data of a week: d0="08:00-12:00 13:00-17:00"."""
    data = {"do": "save"}
    for day, text in spans.items():
        for column, span in enumerate(text.split()):
            start, _, end = span.partition("-")
            data |= {f"{day}_{column}_from": start, f"{day}_{column}_to": end}
    return data


def test_a_manager_sets_the_week_of_an_office_and_of_it(cast, ana):
    """HD-11: several spans a day; what is left empty is closed."""
    answer = ana.post(page("hours-week", cast.north.public_id), typed(d0="08:00-12:00 13:00-17:30", d5="09:00-00:00"))
    ana.post(page("hours-week", "it"), typed(d0="07:00-19:00"))

    assert answer.url == page("hours")
    assert BusinessHours.objects.get(office=cast.north).spans == {
        "0": [["08:00", "12:00"], ["13:00", "17:30"]], "5": [["09:00", "00:00"]],
    }  # fmt: skip
    assert calendar_of_it(cast.practice).spans == parse_spans({"0": [["07:00", "19:00"]]})
    assert calendar_of(cast.south).spans != calendar_of(cast.north).spans
    assert AuditEvent.objects.filter(action="hours:set").count() == 2
    shown = ana.get(page("hours")).content.decode()
    assert "Closed now. Opens tomorrow at 9 a.m." in shown
    assert "Tuesday to Friday" in shown


@pytest.mark.parametrize(
    ("spans", "fault"),
    [
        ({"d0": "17:00-08:00"}, "It closes before it opens."),
        ({"d0": "08:00-13:00 12:00-17:00"}, "These hours overlap."),
        ({"d0": "08:00-"}, "Give both times, or none."),
        ({"d0": "25:00-26:00"}, "Enter a valid time."),
        ({"d0": "08:00-00:00 13:00-14:00"}, "These hours overlap."),
    ],
)
def test_hours_that_make_no_sense_are_shown_again(cast, ana, spans, fault):
    answer = ana.post(page("hours-week", cast.north.public_id), typed(d1="08:00-17:00", **spans))

    assert answer.status_code == 422
    assert fault in answer.content.decode()
    assert 'value="17:00"' in answer.content.decode()  # what was typed on Tuesday stands
    assert not BusinessHours.objects.exists()


def test_monday_is_copied_without_saving(cast, ana):
    answer = ana.post(
        page("hours-week", cast.north.public_id), typed(d0="07:30-16:00", d5="10:00-11:00") | {"do": "copy"}
    )

    text = answer.content.decode()
    assert answer.status_code == 200
    assert (text.count('value="07:30"'), text.count('value="10:00"')) == (5, 1)
    assert not BusinessHours.objects.exists()


def test_days_off_are_added_once_and_removed_once(cast, ana):
    """HD-11: for one office or for everybody; a double click changes nothing."""
    day = {"date": "2026-12-24", "name": "Christmas Eve", "place": cast.north.public_id}
    for _ in range(2):
        ana.post(page("holiday-add"), day)
    ana.post(page("holiday-add"), day | {"place": "", "date": "2026-12-31", "name": "Inventory"})

    assert list(Holiday.objects.order_by("date").values_list("date", "name", "office__name")) == [
        (dt.date(2026, 12, 24), "Christmas Eve", "North"),
        (dt.date(2026, 12, 31), "Inventory", None),
    ]
    assert calendar_of(cast.south).holidays == {dt.date(2026, 12, 31)}
    for _ in range(2):
        ana.post(page("holiday-remove"), {"date": "2026-12-24", "place": cast.north.public_id})
    assert calendar_of(cast.north).holidays == {dt.date(2026, 12, 31)}
    assert AuditEvent.objects.filter(action="hours:remove_holiday").count() == 1


def test_it_alone_may_have_a_day_off_and_one_office_may_work_on_a_common_one(cast, ana):
    """HD-11. The exception goes with the day off it is from."""
    common, training = dt.date(2026, 12, 31), dt.date(2026, 12, 23)
    ana.post(page("holiday-add"), {"date": "2026-12-23", "name": "Training", "place": "it"})
    ana.post(page("holiday-add"), {"date": "2026-12-31", "name": "New Year's Eve", "place": ""})
    for _ in range(2):
        ana.post(page("holiday-add"), {"date": "2026-12-31", "place": cast.north.public_id, "works": "on"})
    for place in ("", cast.south.public_id):  # everybody: nobody would be off; the 24th is an ordinary day
        date = "2026-12-31" if not place else "2026-12-24"
        refused = ana.post(page("holiday-add"), {"date": date, "name": "x", "place": place, "works": "on"})
        assert refused.status_code == 422

    assert calendar_of_it(cast.practice).holidays == {training, common}
    assert (calendar_of(cast.north).holidays, calendar_of(cast.south).holidays) == (frozenset(), {common})
    found = places([cast.north], it_of=cast.practice, now=FRIDAY_EVENING)
    assert {place.office: place.calendar.holidays for place in found} == {
        cast.north: frozenset(),
        None: {training, common},
    }
    text = ana.get(page("hours")).content.decode()
    assert ("Training" in text, text.count(">works<")) == (True, 1)

    for date, place in (("2026-12-31", ""), ("2026-12-23", "it")):
        ana.post(page("holiday-remove"), {"date": date, "place": place})
    assert not Holiday.objects.exists()


@pytest.mark.parametrize(
    "broken", [{"date": "2026-11-19"}, {"date": "2031-01-01"}, {"date": "x"}, {"name": " "}, {"place": "nowhere"}]
)
def test_a_day_off_that_cannot_be_is_refused(cast, ana, broken):
    answer = ana.post(page("holiday-add"), {"date": "2026-12-24", "name": "Eve", "place": ""} | broken)

    assert answer.status_code == 422
    assert not Holiday.objects.exists()


def test_the_federal_holidays_of_a_year_at_once(cast, ana):
    hours.add_holiday(
        practice=cast.practice, office=None, date=dt.date(2027, 11, 25), name="Turkey day", by=cast.ana.actor
    )
    for _ in range(2):
        ana.post(page("holidays-federal"), {"year": "2027"})

    rows = dict(Holiday.objects.values_list("date", "name"))
    assert len(rows) == 12  # eleven, and the New Year's Day of 2028, which falls on a Saturday
    assert rows[dt.date(2027, 11, 25)] == "Turkey day"
    assert ana.post(page("holidays-federal"), {"year": "1999"}).status_code == 404


@pytest.mark.parametrize(
    ("year", "date", "name"),
    [
        (2026, dt.date(2026, 7, 3), "Independence Day"),  # the 4th is a Saturday
        (2026, dt.date(2026, 11, 26), "Thanksgiving Day"),
        (2027, dt.date(2027, 7, 5), "Independence Day"),  # the 4th is a Sunday
        (2027, dt.date(2027, 5, 31), "Memorial Day"),
        (2028, dt.date(2028, 1, 17), "Martin Luther King Jr. Day"),
    ],
)
def test_federal_holidays_by_the_calendar(year, date, name):
    assert (date, name) in federal_holidays(year)


def test_only_those_who_run_the_practice_set_hours_and_only_their_own(cast, ana, staff_client):
    strange = cast.elsewhere_office.public_id
    assert ana.get(page("hours-week", strange)).status_code == 404
    assert ana.post(page("hours-week", strange), typed(d0="08:00-09:00")).status_code == 404
    for person in (cast.olivia, cast.ian, cast.carla):
        assert staff_client(person).get(page("hours")).status_code == 403
        assert staff_client(person).post(page("hours-week", "it"), typed(d0="08:00-09:00")).status_code == 403
    with pytest.raises(WrongOffice):
        hours.set_week(practice=cast.practice, office=cast.elsewhere_office, spans={}, by=cast.ana.actor)
    with pytest.raises(HoursMakeNoSense):
        hours.set_week(practice=cast.practice, office=None, spans={0: ((dt.time(9), dt.time(8)),)}, by=cast.ana.actor)
    assert not BusinessHours.objects.exists()


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-11-20T09:00", "Open now, until 5 p.m."),  # noon to noon is no break
        ("2026-11-20T17:00", "Closed now. Opens Monday at 8 a.m."),
        ("2026-11-22T12:00", "Closed now. Opens tomorrow at 8 a.m."),
        ("2026-11-23T07:00", "Closed now. Opens today at 8 a.m."),
        ("2026-11-25T18:00", "Closed now. Opens Friday at 8 a.m."),  # over Thanksgiving
    ],
)
def test_how_a_place_stands_in_words(moment, words):
    """HD-11"""
    touching = {str(day): [["08:00", "12:00"], ["12:00", "17:00"]] for day in range(5)}
    calendar = Calendar("UTC", parse_spans(touching), frozenset({dt.date(2026, 11, 26)}))
    now = dt.datetime.fromisoformat(moment).replace(tzinfo=dt.UTC)

    assert until_words(opening(calendar, now), now=now, zone="UTC") == words


def test_a_place_that_never_closes_and_one_that_never_opens():
    now = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
    always = Calendar("UTC", parse_spans({str(day): [["00:00", "00:00"]] for day in range(7)}))
    never = Calendar("UTC", {})

    assert until_words(opening(always, now), now=now, zone="UTC") == "Always open"
    assert until_words(opening(never, now), now=now, zone="UTC") == "Closed until further notice"
    assert week_words(always) == [("Monday to Sunday", "day and night")]


def test_the_contact_page_says_when_somebody_reads_it(cast, client, ana):
    """HD-11: after hours the next opening stands above the form; beside each office how it stands."""
    closed = client.get(page("contact")).content.decode()
    with time_machine.travel(dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)):
        opened = client.get(page("contact")).content.decode()

    assert "we open Monday at 8 a.m. and read it then" in closed
    assert "Closed now. Opens Monday at 8 a.m." in closed
    assert "We are closed right now" not in opened
    assert opened.count("Open now, until 5 p.m.") == 4  # all four offices
