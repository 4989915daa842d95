"""Text → words, the same for what is kept and for what is asked, so that every database finds the same."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MOST_WORDS_ASKED: Final = 8
MOST_WORDS_KEPT: Final = 20_000
LONGEST: Final = 40  # characters of one word; the rest of a longer one is left out on both sides
EXCERPT: Final = 220  # characters

_RUN = re.compile(r"(?:[^\W_]|[\u0300-\u036f])+")
_PLAIN = re.compile(r"[^\W_]+")
_PHONE = re.compile(r"(?<![^\W_])\+?\(?[0-9][0-9 ().-]{5,18}[0-9](?![^\W_])")


def fold(text: str) -> str:
    """Without case and accents: "Ñandú" → "nandu", "ﬁt" → "fit"."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in apart if not unicodedata.combining(char)).casefold()


def words_of(text: str) -> list[str]:
    """The words of a text in their order, folded; punctuation separates."""
    if text.isascii():
        return [word[:LONGEST] for word in _PLAIN.findall(text.lower())]
    runs = _RUN.findall(unicodedata.normalize("NFC", text))
    return [word[:LONGEST] for run in runs for word in _PLAIN.findall(fold(run))]


def document(texts: Iterable[str], *, phones: Iterable[str] = ()) -> str:
    """What is kept of a document: each word once, in the order of the alphabet. A phone number is found by its end."""
    found = {word for text in texts for word in words_of(text)}
    found |= {digits[-length:] for text in texts for digits in _numbers(text) for length in (10, 7)}
    for phone in phones:
        digits = _digits(phone)
        found |= {digits[-length:] for length in (10, 7, 4) if len(digits) >= length}
    return " ".join(sorted(found)[:MOST_WORDS_KEPT])


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for: every word must be the beginning of a word of the document."""

    words: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.words)

    @property
    def rare(self) -> bool:
        """Whether few documents can answer: somebody asks for a number, as a rule a phone number."""
        return any(len(word) >= 6 and not word.isalpha() for word in self.words)

    def for_postgresql(self) -> str:
        """As a tsquery. Words hold letters and digits only, so nothing can end the quotation."""
        return " & ".join(f"'{word}':*" if len(word) > 1 else f"'{word}'" for word in self.words)

    def for_sqlite(self) -> str:
        """As an FTS5 query."""
        return " ".join(f'"{word}"*' if len(word) > 1 else f'"{word}"' for word in self.words)

    def hits(self, run: str) -> frozenset[str]:
        """The words asked for that this piece of text (one run of letters and digits) answers."""
        if run.isascii() and run.isalpha():  # nearly all of a text, and no more than a comparison
            one = run.lower()[:LONGEST]
            return frozenset(word for word in self.words if one == word or (len(word) > 1 and one.startswith(word)))
        found = words_of(run) + [digits[-length:] for digits in _numbers(run) for length in (10, 7)]
        return frozenset(
            word for word in self.words for one in found if one == word or (len(word) > 1 and one.startswith(word))
        )


def question(text: str) -> Question:
    """Read what somebody typed. A phone number, however written, is one word: its last ten digits."""
    text = _PHONE.sub(lambda found: f" {_digits(found[0])[-10:]} ", text[:200])
    return Question(tuple(dict.fromkeys(words_of(text)))[:MOST_WORDS_ASKED])


Pieces = tuple[tuple[str, bool], ...]
"""A text cut up: each piece, and whether it is to be marked."""


def marked(text: str, asked: Question) -> Pieces:
    """The whole text, cut so that the words asked for can be marked."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for run in _spans(text):
        if asked.hits(run[0]):
            if run.start() > end:
                pieces.append((text[end : run.start()], False))
            pieces.append((run[0], True))
            end = run.end()
    if end < len(text):
        pieces.append((text[end:], False))
    return tuple(pieces)


def excerpt(text: str, asked: Question, *, length: int = EXCERPT) -> Pieces:
    """About `length` characters around the first word asked for, cut between words."""
    first = next((run.start() for run in _spans(text) if asked.hits(run[0])), 0)
    start = max(0, first - length // 3)
    if start:
        start = text.find(" ", start, first) + 1 or first
    end = min(len(text), start + length)
    if end < len(text):
        end = text.rfind(" ", first + 1, end) if " " in text[first + 1 : end] else end
    cut = " ".join(text[start:end].split())
    pieces = marked(cut, asked)
    before = (("… ", False),) if start else ()
    after = ((" …", False),) if end < len(text) else ()
    return (*before, *pieces, *after)


def answered(text: str, asked: Question) -> frozenset[str]:
    """Which of the words asked for stand in this text."""
    return frozenset(word for run in _spans(text) for word in asked.hits(run[0]))


def _spans(text: str) -> list[re.Match[str]]:
    """Phone numbers as one, everything else word by word, in their order."""
    numbers = list(_PHONE.finditer(text))
    words = [
        run
        for run in _RUN.finditer(text)
        if not any(number.start() <= run.start() < number.end() for number in numbers)
    ]
    return sorted([*numbers, *words], key=lambda match: match.start())


def _numbers(text: str) -> list[str]:
    return [_digits(found) for found in _PHONE.findall(text)]


def _digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
