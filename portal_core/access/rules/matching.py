"""Comparing four typed fields with what is on file (PC-44). Pure; spelling is forgiven, facts are not."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

from portal_core.kernel.letters import fold

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v", "md", "phd"})
NEAR_TIES = 5  # so many people at most are told apart by hand when three fields agree with each of them


@dataclass(frozen=True, slots=True, kw_only=True)
class FourFields:
    """As typed, or as on file."""

    email: str
    last_name: str
    birth_date: dt.date | None
    zip_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Which of the four agree."""

    email: bool = False
    last_name: bool = False
    birth_date: bool = False
    zip_code: bool = False

    @property
    def count(self) -> int:
        return sum((self.email, self.last_name, self.birth_date, self.zip_code))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`index` is the candidate this was about, if one stands out; `full` means: exactly one matches in all four."""

    index: int | None
    matches: Matches
    full: bool
    ambiguous: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One record that may be meant; `enabled`: whether its owner may use the portal at all."""

    fields: FourFields
    practice_id: int
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was typed agrees with this candidate. `granted`: it is the only one of its practice that agrees in all four
    fields, and enabled. `ambiguous`: several of its practice agree in all four."""

    index: int
    matches: Matches
    granted: bool = False
    ambiguous: bool = False


def plain_email(text: str) -> str:
    return text.strip().casefold()


def plain_name(text: str) -> str:
    """Without case, accents, hyphens, apostrophes, spaces and suffixes: `O'Brien-Núñez Jr.` is `obriennunez`."""
    words = [word for word in re.split(r"[\s,.]+", fold(text)) if word]
    while len(words) > 1 and words[-1] in SUFFIXES:
        words.pop()
    return "".join(char for word in words for char in word if char.isalnum())


def plain_zip(text: str) -> str:
    """The first five digits: ZIP+4 and ZIP are the same place. Other countries' codes keep their letters."""
    kept = re.sub(r"[^0-9a-z]", "", text.casefold())
    return kept[:5] if kept[:5].isdigit() else kept


def compare(typed: FourFields, on_file: FourFields) -> Matches:
    """Nothing on file matches nothing: an empty field never counts as agreement."""
    return Matches(
        email=_same(plain_email(typed.email), plain_email(on_file.email)),
        last_name=_same(plain_name(typed.last_name), plain_name(on_file.last_name)),
        birth_date=typed.birth_date is not None and typed.birth_date == on_file.birth_date,
        zip_code=_same(plain_zip(typed.zip_code), plain_zip(on_file.zip_code)),
    )


def judge(typed: FourFields, candidates: Sequence[FourFields]) -> Verdict:
    """Exactly one full match counts. Several (twins with one mailbox) count as none. Without a full match, the one
    nearest candidate that agrees in at least two fields is named, so that the office can see what differs."""
    compared = [compare(typed, candidate) for candidate in candidates]
    full = [index for index, matches in enumerate(compared) if matches.count == 4]
    if len(full) == 1:
        return Verdict(index=full[0], matches=compared[full[0]], full=True, ambiguous=False)
    if full:
        return Verdict(index=None, matches=compared[full[0]], full=False, ambiguous=True)
    best = max((matches.count for matches in compared), default=0)
    nearest = [index for index, matches in enumerate(compared) if matches.count == best]
    if best < 2 or len(nearest) != 1:
        return Verdict(index=None, matches=Matches(), full=False, ambiguous=False)
    return Verdict(index=nearest[0], matches=compared[nearest[0]], full=False, ambiguous=False)


def sort_out(typed: FourFields, candidates: Sequence[Candidate]) -> list[Finding]:
    """Whom this is about, each practice judged by itself, granted ones first; empty: nobody.

    Who is enabled goes before who is not; the latter are only noted, so that the office sees that the details were
    right and the switch was off. Without a full match: the one nearest in at least two fields, or all that agree in the
    same three (twins with one mailbox and a birthday mistyped).
    """
    compared = [compare(typed, each.fields) for each in candidates]
    found: list[Finding] = []
    for practice_id in dict.fromkeys(each.practice_id for each in candidates):
        full = [
            index for index, each in enumerate(candidates)
            if each.practice_id == practice_id and compared[index].count == 4
        ]  # fmt: skip
        fits = [index for index in full if candidates[index].enabled] or full
        found += [
            Finding(
                index=index, matches=compared[index], ambiguous=len(fits) > 1,
                granted=len(fits) == 1 and candidates[index].enabled,
            )
            for index in fits
        ]  # fmt: skip
    if found:
        return sorted(found, key=lambda each: not each.granted)
    best = max((matches.count for matches in compared), default=0)
    nearest = [index for index, matches in enumerate(compared) if matches.count == best]
    alike = best == 3 and len(nearest) <= NEAR_TIES and len({compared[index] for index in nearest}) == 1
    if best < 2 or (len(nearest) > 1 and not alike):
        return []
    return [Finding(index=index, matches=compared[index]) for index in nearest]


def _same(typed: str, on_file: str) -> bool:
    return bool(on_file) and typed == on_file
