"""How sure is sure enough: which proofs carry which level, and for how long (research §2.3).

Two axes: finding the chart (`K`) is never evidence, evidence never finds the chart. Where the research's two tables
differ, the stricter one holds: a code by e-mail (E6) does not carry an account change.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from triage.enums import PATIENT_LEVELS, Level, Method, RedFlag

CONTACT_MIN_AGE_DAYS: Final = 30
MINUTE: Final = 60
LOCKOUT_FAILURES: Final = 3
LOCKOUT_HOURS: Final = 24

ON_CONTACT: Final = {Method.E3: "phone", Method.E4: "phone", Method.E6: "email", Method.E8: "address"}
AGED: Final = frozenset({Method.E3, Method.E4, Method.E6})  # only as good as the contact is old
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
NEUTRAL_SENTENCE: Final = "I could not complete the check."  # never which item failed


@dataclass(frozen=True, slots=True)
class Evidence:
    """One proof taken. `contact_age_days` is the age of the contact it went over; None: not over a contact, or
    on file since before dates were kept."""

    method: Method
    contact_age_days: int | None = None


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


def required_level(base: Level, *, red_flags: Collection[RedFlag], destination_age_days: int | None) -> Level:
    """What the request really asks for: any red flag raises by one; a reset to a young contact is R3 (never lower).

    `destination_age_days` is the age of the contact the result will land on.
    """
    level = base
    if level == Level.R2 and is_young(destination_age_days):
        level = Level.R3
    if red_flags:
        level = raised(level)
    return level


def judge(level: Level, evidence: Collection[Evidence]) -> Verdict:
    """Whether this evidence carries `level`, and what is missing if not."""
    if level == Level.RS:
        return Verdict(level, ("Staff are verified by IT, by calling back the office's main number.",), four_eyes=False)
    four_eyes = level in (Level.R3, Level.R4)
    if level == Level.R0:
        return Verdict(level, (), four_eyes)
    missing: list[str] = []
    if not any(item.method == Method.K for item in evidence):
        missing.append("Match the patient's details with the record.")
    missing += _missing_proofs(level, counted(level, evidence))
    if level == Level.R4 and not any(item.method == Method.E9 for item in evidence):
        missing.append("See the document that gives them authority.")
    return Verdict(level, tuple(missing), four_eyes)


def counted(level: Level, evidence: Collection[Evidence]) -> frozenset[Method]:
    """The proofs that count at this level: accepted there, and over a contact that is old enough."""
    return frozenset(
        item.method
        for item in evidence
        if item.method in ACCEPTED[level]
        and item.method not in (Method.K, Method.E9)
        and not (item.method in AGED and is_young(item.contact_age_days))
    )


def _missing_proofs(level: Level, proofs: frozenset[Method]) -> list[str]:
    if level == Level.R1:
        return []
    if level == Level.R2:
        return [] if proofs else ["Take one proof: in person, by call-back, by code, in their session, or on video."]
    missing = []
    if len(proofs) < 2:
        missing.append("Take two proofs of different kinds.")
    if not proofs & STRONG:
        missing.append("One of them must be photo ID, a call-back, a code to the phone, or their portal session.")
    return missing


def validity_seconds(level: Level, evidence: Collection[Evidence]) -> int:
    """How long the result may be used: as long as the shortest-lived proof that counts."""
    proofs = counted(level, evidence) or frozenset({Method.K})
    return min(VALIDITY[method] for method in proofs)
