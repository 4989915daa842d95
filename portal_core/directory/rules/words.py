"""What patients are found by: names and numbers as words, the same for what is kept and for what is asked, so that both
databases find the same. Migration 0006 says `words_of` and `number_of` once more, in SQL."""

import re
from typing import Final

from portal_core.kernel.letters import fold

LONGEST: Final = 40  # characters of one word; names are shorter
NUMBER: Final = "#"  # begins the word that is a phone number from its end
JOINED: Final = "['\u2018\u2019\u2010\u2011-]"  # O'Brien is also obrien, Smith-Jones also smithjones
APART: Final = "[\\x01-/:-@\\[-`{-\u00a9\u2010-\u201f]+"


def words_of(text: str) -> list[str]:
    """The words of a name or of what somebody typed; a name with a hyphen or an apostrophe is also one word."""
    plain = fold(text)
    return [word[:LONGEST] for word in re.sub(APART, " ", f"{re.sub(JOINED, '', plain)} {plain}").split()]


def parts_of(text: str) -> list[str]:
    """The words of what somebody typed: each must begin some word that is kept."""
    return [word[:LONGEST] for word in re.sub(APART, " ", fold(text)).split()]


def number_of(phone: str) -> str:
    """A phone number as a word that its last digits begin."""
    return NUMBER + re.sub("[^0-9]", "", phone)[::-1]


def kept(names: str, phone: str) -> str:
    """All words of somebody, each with a blank before it."""
    return " " + " ".join([*words_of(names), number_of(phone)])
