"""What should not stand in a flag: patterns that look like a patient's identity. A soft stop, not a filter."""

import re
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
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` is the code, `what` the words, [`start`, `end`) the place in the text."""

    kind: str
    what: str
    start: int
    end: int


def phi_lint(text: str) -> tuple[Finding, ...]:
    """What looks like a patient's identity in `text`, by place; at most one finding per place."""
    found: list[Finding] = []
    for kind, what, pattern in PATTERNS:
        for match in pattern.finditer(text):
            if not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(Finding(kind, what, match.start(), match.end()))
    return tuple(sorted(found, key=lambda finding: finding.start))
