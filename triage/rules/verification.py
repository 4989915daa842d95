"""How sure is sure enough: which proofs carry which level, and for how long (research §2.3).

Two axes: finding the chart (`K`) is never evidence, evidence never finds the chart. Where the research's two tables
differ, the stricter one holds: a code by e-mail (E6) does not carry an account change.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from triage.enums import PATIENT_LEVELS, Level, Method, RedFlag

CONTACT_MIN_AGE_DAYS: Final = 30
MINUTE: Final = 60
# So many failed checks of one patient within so many hours, over all offices and callers, put a hold on the patient.
LOCKOUTS: Final = (("three_failures_in_a_day", 3, 24), ("five_failures_in_a_month", 5, 30 * 24))
CODE_SECONDS: Final = 10 * MINUTE
CODE_TRIES: Final = 3  # wrong ones of one check, however many codes were sent
CODES_AN_HOUR: Final = 3  # to one patient, over all checks
LETTER_DIGITS: Final = 8  # longer than a message's code: three tries over three weeks
LETTER_DAYS: Final = 21
LETTER_TRIES: Final = 3  # wrong ones of one letter, over all checks
LETTERS_A_WEEK: Final = 3  # to one patient
PORTAL_SECONDS: Final = 15 * MINUTE  # how long the patient's page asks "is it you?"
# How long a change waits where no second person is, before it works; and how long it may be used from then on.
DELAY_HOURS: Final[dict[Level, int]] = {Level.R3: 24, Level.R4: 72}
DELAY_USE_HOURS: Final = 24

# Noted by the code or the session itself, never by hand.
BY_DOING: Final = frozenset({Method.E4, Method.E5, Method.E6, Method.E8})
ON_CONTACT: Final = {Method.E3: "phone", Method.E4: "phone", Method.E6: "email", Method.E8: "address"}
AGED: Final = frozenset({Method.E3, Method.E4, Method.E6, Method.E8})  # only as good as the contact is old
STRONG: Final = frozenset({Method.E1, Method.E3, Method.E4, Method.E5})
ACCEPTED: Final[dict[Level, frozenset[Method]]] = {
    Level.R0: frozenset(Method),
    Level.R1: frozenset(Method) - {Method.E9},
    Level.R2: frozenset({Method.E1, Method.E2, Method.E3, Method.E4, Method.E5, Method.E7, Method.E8}),
    Level.R3: frozenset({Method.E1, Method.E2, Method.E3, Method.E4, Method.E5, Method.E7, Method.E8}),
    Level.R4: frozenset({Method.E1, Method.E2, Method.E3, Method.E4, Method.E5, Method.E7, Method.E8}),
    Level.RS: frozenset(),
}
VALIDITY: Final[dict[Method, int]] = {  # seconds
    Method.K: 15 * MINUTE,
    Method.E1: 60 * MINUTE,
    Method.E2: 60 * MINUTE,
    Method.E3: 15 * MINUTE,
    Method.E4: 15 * MINUTE,
    Method.E5: 15 * MINUTE,
    Method.E6: 15 * MINUTE,
    Method.E7: 15 * MINUTE,
    Method.E8: 15 * MINUTE,
    Method.E9: 60 * MINUTE,
}
CHECK_SECONDS: Final = 60 * MINUTE  # how long one check may be under way; whoever was looked up is looked up again
NEUTRAL_SENTENCE: Final = "I could not complete the check."  # never which item failed


@dataclass(frozen=True, slots=True)
class Evidence:
    """One proof taken. `contact_age_days` is the age of the contact it went over; None: not over a contact, or
    on file since before dates were kept. `unused`: the contact changed after their last good sign-in. `at`: when;
    None: this very moment."""

    method: Method
    contact_age_days: int | None = None
    unused: bool = False
    at: dt.datetime | None = field(default=None, compare=False)

    @property
    def too_new(self) -> bool:
        """Whether it went over a contact that proves nothing yet."""
        return self.method in AGED and (self.unused or is_young(self.contact_age_days))


@dataclass(frozen=True, slots=True)
class Verdict:
    """`level` is what is required after all raises; `missing` are sentences, empty when the evidence suffices."""

    level: Level
    missing: tuple[str, ...]
    four_eyes: bool

    @property
    def suffices(self) -> bool:
        return not self.missing


def raised(level: Level) -> Level:
    """The next level up; R4 and RS stay."""
    if level not in PATIENT_LEVELS[:-1]:
        return level
    return PATIENT_LEVELS[PATIENT_LEVELS.index(level) + 1]


def at_least(level: Level, least: Level) -> bool:
    """Whether `level` is as strong as `least`, on the patients' ladder."""
    return level in PATIENT_LEVELS and PATIENT_LEVELS.index(level) >= PATIENT_LEVELS.index(least)


def is_young(age_days: int | None) -> bool:
    """No date means: on file since before dates were kept. Every change made here stamps one, so no caller can get rid
    of it."""
    return age_days is not None and age_days < CONTACT_MIN_AGE_DAYS


def lockout(failures: Collection[dt.datetime], now: dt.datetime) -> str:
    """The rule that puts a hold on a patient whose checks failed at these moments; empty when none does."""
    for name, most, hours in LOCKOUTS:
        if sum(moment > now - dt.timedelta(hours=hours) for moment in failures) >= most:
            return name
    return ""


def required_level(
    base: Level, *, red_flags: Collection[RedFlag], destination_age_days: int | None, destination_unused: bool = False
) -> Level:
    """What the request really asks for: any red flag raises by one; a reset to a young contact is R3 (never lower).

    `destination_age_days` is the age of the contact the result will land on; `destination_unused`: it changed after
    their last good sign-in, so that nobody has shown yet that it is theirs.
    """
    level = base
    if level == Level.R2 and (destination_unused or is_young(destination_age_days)):
        level = Level.R3
    if red_flags:
        level = raised(level)
    return level


def life(method: Method, level: Level) -> dt.timedelta:
    """How long a proof counts from when it was taken. The chart that was found is not proof: above R1 it only has to
    have been found in the same check."""
    seconds = CHECK_SECONDS if method == Method.K and level != Level.R1 else VALIDITY[method]
    return dt.timedelta(seconds=seconds)


def stands(item: Evidence, level: Level, now: dt.datetime) -> bool:
    """At the second at which its time is over it counts no more."""
    return item.at is None or now < item.at + life(item.method, level)


def judge(level: Level, evidence: Collection[Evidence], fitting: frozenset[Method] | None = None) -> Verdict:
    """Whether this evidence carries `level`, and what is missing if not. `fitting`: the kinds that count for this
    purpose; None means all that the level takes."""
    if level == Level.RS:
        return Verdict(level, ("Staff are verified by IT, by calling back the office's main number.",), four_eyes=False)
    four_eyes = level in (Level.R3, Level.R4)
    if level == Level.R0:
        return Verdict(level, (), four_eyes)
    missing: list[str] = []
    if not any(item.method == Method.K for item in evidence):
        missing.append("Match the patient's details with the record.")
    missing += _missing_proofs(level, counted(level, evidence, fitting), fitting)
    if level == Level.R4 and not any(item.method == Method.E9 for item in evidence):
        missing.append("See the document that gives them authority.")
    return Verdict(level, tuple(missing), four_eyes)


def counted(
    level: Level, evidence: Collection[Evidence], fitting: frozenset[Method] | None = None
) -> frozenset[Method]:
    """The proofs that count at this level: accepted there, fitting, and over a contact that is old enough."""
    return frozenset(
        item.method
        for item in evidence
        if item.method in ACCEPTED[level]
        and item.method not in (Method.K, Method.E9)
        and (fitting is None or item.method in fitting)
        and not item.too_new
    )


def _missing_proofs(level: Level, proofs: frozenset[Method], fitting: frozenset[Method] | None) -> list[str]:
    if level == Level.R1:
        return []
    if not proofs and fitting is not None:
        kinds = "; ".join(str(method.label).lower() for method in Method if method in fitting)
        return [f"What comes of this is handed to the person themself. It takes one of these: {kinds}."]
    if level == Level.R2:
        return [] if proofs else ["Take one proof: in person, by call-back, by code, in their session, or on video."]
    missing = []
    if len(proofs) < 2:
        missing.append("Take two proofs of different kinds.")
    if not proofs & STRONG:
        missing.append("One of them must be photo ID, a call-back, a code to the phone, or their portal session.")
    return missing


def good_until(
    level: Level, evidence: Collection[Evidence], fitting: frozenset[Method] | None, now: dt.datetime
) -> dt.datetime:
    """Until when the result may be used: as long as the first proof that counts to run out, from when it was taken."""
    proofs = counted(level, evidence, fitting) or frozenset({Method.K})
    ends = [
        (item.at or now) + dt.timedelta(seconds=VALIDITY[item.method]) for item in evidence if item.method in proofs
    ]
    return min(ends, default=now)
