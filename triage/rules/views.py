"""A filter of the office's list: words of an address to a judgement, and back. No name ever stands in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from helpdesk.enums import Category, Turn

IT_DESK = "it"  # whose list a kept view is of; without a word: the office's
MINE, NOBODY, MENTIONS, RESTING = "mine", "nobody", "mentions", "resting"
WHO = (MINE, NOBODY, MENTIONS, RESTING)
_OPAQUE = re.compile(r"[0-9A-Za-z]{4,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the list is narrowed to; every field may be empty. `office`: a public id. `who`: mine, nobody, mentions,
    resting (put aside until later)."""

    turn: str = ""
    who: str = ""
    category: str = ""
    office: str = ""

    @property
    def query(self) -> str:
        """The canonical address part, without "?"."""
        return urlencode(self.as_dict())

    def as_dict(self) -> dict[str, str]:
        fields = {"turn": self.turn, "who": self.who, "category": self.category, "office": self.office}
        return {name: value for name, value in fields.items() if value}


def wanted(values: Mapping[str, str]) -> Wanted:
    """Read a filter. A word that means nothing is left out: a filter is only a way to look."""
    turn, who = str(values.get("turn", "")), str(values.get("who", ""))
    category, office = str(values.get("category", "")), str(values.get("office", ""))
    return Wanted(
        turn=turn if turn in Turn.values else "",
        who=who if who in WHO else "",
        category=category if category in Category.values else "",
        office=office if _OPAQUE.fullmatch(office) else "",
    )
