"""What somebody typed to find a patient, as words. Migration 0006 has either database keep those of patients alike."""

import re
from typing import Final

from portal_core.kernel.letters import fold

LONGEST: Final = 40  # characters of one word; names are shorter
JOINED: Final = "['\u2018\u2019\u2010\u2011-]"  # what is typed with one of these is one word: a record number, a name
APART: Final = "[\\x00-/:-@\\[-`{-\u00a9\u2010-\u201f]+"


def parts_of(text: str) -> list[str]:
    """The words of what somebody typed: each must begin some word that is kept. They hold no sign of ASCII but letters
    and digits, so nothing in them can end a quotation."""
    return [word[:LONGEST] for word in re.sub(APART, " ", re.sub(JOINED, "", fold(text))).split()]
