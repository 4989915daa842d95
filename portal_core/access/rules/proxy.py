"""What a proxy may do today: dates, the patient's age, and nothing that anybody has to remember to switch off. Pure.

Parents and guardians see all they were given while the child is small; from one birthday on (12, unless the practice
says otherwise) only what a young person's privacy leaves; from a second one (18) nothing.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from portal_core.access.enums import ProxyScope, Relationship

FOR_THE_YOUNG = frozenset({ProxyScope.SCHEDULE})
LONGEST = dt.timedelta(days=366)  # then the office asks anew


@dataclass(frozen=True, slots=True)
class Ages:
    """A practice's two birthdays, in years; `limited_from` is not after `own_from`."""

    limited_from: int = 12
    own_from: int = 18


USUAL = Ages()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    relationship: str
    scopes: Collection[str]
    starts_on: dt.date
    ends_on: dt.date
    ended: bool


def birthday(born: dt.date, years: int) -> dt.date:
    """The day on which somebody turns `years`; who was born on February 29 turns it on March 1 of other years."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return dt.date(born.year + years, 3, 1)


def last_day(
    relationship: str, born: dt.date | None, starts_on: dt.date, ages: Ages = USUAL
) -> dt.date | None:  # fmt: skip
    """The latest day a grant may run to; None where it may not begin at all: a parent of somebody of age, or of
    somebody whose birthday nobody knows."""
    longest = starts_on + LONGEST
    if relationship not in Relationship.of_minors:
        return longest
    if born is None:
        return None
    last = birthday(born, ages.own_from) - dt.timedelta(days=1)
    return min(longest, last) if last >= starts_on else None


def allowed(terms: Terms, *, born: dt.date | None, today: dt.date, ages: Ages = USUAL) -> frozenset[str]:
    """The scopes that hold today; none before it starts, after it ends, or once the patient is of age."""
    if terms.ended or not terms.starts_on <= today <= terms.ends_on:
        return frozenset()
    scopes = frozenset(terms.scopes) & frozenset(ProxyScope.values)
    if terms.relationship not in Relationship.of_minors:
        return scopes
    if born is None or today >= birthday(born, ages.own_from):
        return frozenset()
    return scopes & FOR_THE_YOUNG if today >= birthday(born, ages.limited_from) else scopes
