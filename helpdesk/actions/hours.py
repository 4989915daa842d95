"""When somebody is there: the hours of offices and of IT, and the days off (HD-11)."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from helpdesk.enums import DayOffPlace
from helpdesk.errors import HoursMakeNoSense, NoCommonDayOff, WrongOffice
from helpdesk.models import BusinessHours, Holiday
from helpdesk.rules.hours import Span, parse_spans, to_raw
from helpdesk.rules.public_holidays import federal_holidays
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Practice


@transaction.atomic
def set_week(
    *, practice: "Practice", office: "Office | None", spans: Mapping[int, tuple[Span, ...]], by: Actor
) -> BusinessHours:
    """The ordinary week of an office, or (office None) of IT. Raises WrongOffice, HoursMakeNoSense. Deadlines that
    were worked out before stay as they were promised."""
    _check(practice, office)
    raw = to_raw(spans)
    try:
        parse_spans(raw)
    except ValueError:
        raise HoursMakeNoSense from None
    now = clock.now()
    row, _made = BusinessHours.objects.update_or_create(
        practice=practice, office=office, defaults={"spans": raw, "updated_at": now}
    )
    audit.record("hours:set", by=by, target=row, practice_id=practice.pk, at=now, place=_place(office), spans=raw)
    return row


@transaction.atomic
def add_holiday(
    *,
    practice: "Practice",
    office: "Office | None",
    date: dt.date,
    name: str,
    it: bool = False,
    works: bool = False,
    by: Actor,
) -> Holiday:
    """A day off of one office, of `it` alone, or (neither) of everybody. With `works` that one place is there although
    everybody has the day off. The same day again only takes the new words. Raises WrongOffice, NoCommonDayOff."""
    _check(practice, office)
    if works:
        common = Holiday.objects.filter(practice=practice, place=DayOffPlace.ALL, date=date).first()
        if common is None or (office is None and not it):
            raise NoCommonDayOff
        name = name.strip() or common.name
    row, _made = Holiday.objects.update_or_create(
        **_whose(practice, office, it=it), date=date, defaults={"name": name.strip()[:80], "works": works}
    )
    _note("hours:add_holiday", row, by=by)
    return row


@transaction.atomic
def add_federal_holidays(*, practice: "Practice", year: int, by: Actor) -> int:
    """The federal holidays of a year for everybody; those that are there already keep their names. Returns how many
    are new."""
    known = set(Holiday.objects.filter(practice=practice, place=DayOffPlace.ALL).values_list("date", flat=True))
    rows = [
        Holiday(practice=practice, office=None, date=date, name=name)
        for date, name in federal_holidays(year)
        if date not in known
    ]
    # Two people at once: the second one's rows are there already.
    Holiday.objects.bulk_create(rows, ignore_conflicts=True)
    audit.record("hours:add_federal_holidays", by=by, practice_id=practice.pk, year=year, days=len(rows))
    return len(rows)


@transaction.atomic
def remove_holiday(
    *, practice: "Practice", office: "Office | None", date: dt.date, it: bool = False, by: Actor
) -> bool:
    """The usual hours hold on that day after all; with a common day off go the exceptions from it. False when it was
    gone already."""
    _check(practice, office)
    row = Holiday.objects.select_for_update().filter(**_whose(practice, office, it=it), date=date).first()
    if row is None:
        return False
    if row.place == DayOffPlace.ALL:
        for exception in Holiday.objects.filter(practice=practice, date=date, works=True).select_related("office"):
            _note("hours:remove_holiday", exception, by=by)
            exception.delete()
    _note("hours:remove_holiday", row, by=by)
    row.delete()
    return True


def _whose(practice: "Practice", office: "Office | None", *, it: bool) -> dict[str, Any]:
    place = DayOffPlace.OFFICE if office is not None else DayOffPlace.IT if it else DayOffPlace.ALL
    return {"practice": practice, "office": office, "place": place}


def _check(practice: "Practice", office: "Office | None") -> None:
    if office is not None and office.practice_id != practice.pk:
        raise WrongOffice


def _place(office: "Office | None") -> str:
    return office.public_id if office is not None else ""


def _note(action: str, row: Holiday, *, by: Actor) -> None:
    place = _place(row.office) or ("it" if row.place == DayOffPlace.IT else "")
    facts: dict[str, Any] = {"works": True} if row.works else {}
    audit.record(
        action, by=by, target=row, practice_id=row.practice_id, date=row.date.isoformat(), place=place, **facts
    )  # fmt: skip
