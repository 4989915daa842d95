"""What should not stand in a flag: what looks like a patient's identity or health, and what the office knows of this
patient. A soft stop, not a filter."""

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

PATTERNS: Final = (
    ("ssn", "a social security number", re.compile(r"\b\d{3}[- ]\d{2}[- ]\d{4}\b")),
    ("mrn", "a record number", re.compile(r"\b(?:mrn|(?:record|chart) ?(?:no|number|#))\W{0,3}[a-z]*\d{4,}", re.I)),
    ("dob", "a date of birth", re.compile(r"\b(?:dob|born|birth ?date|date of birth)\W{0,4}\S*\d", re.I)),
    ("date", "a full date", re.compile(r"\b(?:19|20)\d\d-\d\d-\d\d\b|\b\d{1,2}[/.]\d{1,2}[/.](?:19|20)\d\d\b")),
    ("email", "an e-mail address", re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+\b")),
    (
        "phone",
        "a phone number",
        re.compile(r"(?<![\w.])(?:\+?1[-. ]?)?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?!\d)"),
    ),
    (
        "health",
        "something about health",
        re.compile(
            r"\b(?:diagnos\w+|pregnan\w+|miscarriage|abortion|hiv|aids|std|hepatitis|cancer|tumou?r|chemo\w*|oncolog\w+"
            r"|diabet\w+|insulin|depress\w+|anxiety|bipolar|schizo\w+|psychiatr\w+|therapist|addict\w+|alcoholi\w+"
            r"|opioid\w*|methadone|suboxone|overdose\w*|dementia|alzheimer\w*|biopsy|prescri\w+|\d+ ?mg|labs?)\b",
            re.I,
        ),
    ),
)  # fmt: skip

SHORTEST_NAME: Final = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is the code, `what` the words, [`start`, `end`) the place in the text."""

    kind: str
    what: str
    start: int
    end: int


def phi_lint(text: str, known: Collection[str] = ()) -> tuple[Finding, ...]:
    """What looks like a patient's identity or health in `text`, by place; at most one finding per place. `known` are
    this patient's own details (`identity_words`)."""
    found: list[Finding] = []
    own = [("patient", "the patient's own details", pattern) for pattern in _whole_words(known)]
    for kind, what, pattern in (*own, *PATTERNS):
        for match in pattern.finditer(text):
            if not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(Finding(kind, what, match.start(), match.end()))
    return tuple(sorted(found, key=lambda finding: finding.start))


def identity_words(*, names: Collection[str], record: str, email: str, born: dt.date | None) -> frozenset[str]:
    """What would name this patient: names of three letters and more, record number, e-mail, birthday as written."""
    words = {part for name in names for part in name.split() if len(part) >= SHORTEST_NAME}
    words |= {record, email} - {""}
    if born is not None:
        words |= {f"{born:%Y-%m-%d}", f"{born.month}/{born.day}/{born.year}", f"{born:%m/%d/%Y}", f"{born:%m/%d/%y}"}
        words |= {f"{born.month}/{born.day}/{born:%y}", f"{born:%B} {born.day}", f"{born:%b} {born.day}"}
    return frozenset(words)


def _whole_words(known: Collection[str]) -> list[re.Pattern[str]]:
    words = sorted({word for word in known if word.strip()}, key=len, reverse=True)
    return [re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)", re.IGNORECASE)] if words else []
