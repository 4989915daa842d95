"""`@name` in an internal note. Pure: people and a text in, those who are named out."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

_NAMED = re.compile(r"(?<![\w@.])@([^\W\d_][\w'-]*(?:\.[^\W\d_][\w'-]*)?)")


@dataclass(frozen=True, slots=True)
class Person:
    key: int
    first_name: str
    last_name: str


def handles(people: Iterable[Person]) -> dict[int, str]:
    """How each is called in a note: the first name where only one has it, else first.last; without the "@"."""
    people = list(people)
    firsts = Counter(_plain(person.first_name) for person in people)
    return {
        person.key: _word(person.first_name)
        if firsts[_plain(person.first_name)] == 1
        else f"{_word(person.first_name)}.{_word(person.last_name)}"
        for person in people
    }


def named(text: str, people: Iterable[Person]) -> set[int]:
    """Keys of the people a note names, by handle or by first.last. Whom nobody can mean is nobody."""
    people = list(people)
    known: dict[str, int] = {f"{_plain(one.first_name)}.{_plain(one.last_name)}": one.key for one in people}
    known |= {_plain(handle): key for key, handle in handles(people).items()}
    return {known[word] for found in _NAMED.findall(text) if (word := _plain(found)) in known}


def _word(name: str) -> str:
    return re.sub(r"[^\w'-]", "", name)


def _plain(name: str) -> str:
    """As one types it: no accents, no capitals, no spaces."""
    letters = unicodedata.normalize("NFKD", re.sub(r"[^\w.'-]", "", name)).casefold()
    return "".join(letter for letter in letters if not unicodedata.combining(letter))
