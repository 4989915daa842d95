"""What differs between two texts, word by word: for corrections, and for what an internal audience is told instead."""

import difflib
import re

_PIECE = re.compile(r"\S+\s*|\s+")
MOST_WORDS = 4000  # beyond this the comparison would take longer than anybody reads

Piece = tuple[str, str]
"""("" | "+" | "-", words): kept, only in the second text, only in the first."""


def pieces(before: str, after: str) -> list[Piece]:
    """The way from `before` to `after`; white space travels with the words."""
    old, new = _PIECE.findall(before), _PIECE.findall(after)
    if len(old) + len(new) > MOST_WORDS:
        return [("-", before), ("+", after)]
    found: list[Piece] = []
    for what, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            found.append(("", "".join(old[a:b])))
            continue
        found += [(mark, "".join(words)) for mark, words in (("-", old[a:b]), ("+", new[c:d])) if words]
    return found
