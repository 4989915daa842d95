"""Facts as JSON and back. They lie beside every snapshot, so that the page can be drawn anew without a database.

Driven by the dataclasses' own type hints: a field added to the facts is written and read without a line here, and a
file that an older version wrote gets the defaults.
"""

import dataclasses
import datetime as dt
import json
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Any

from statuspage.rules.facts import Facts


def dump(facts: Facts) -> str:
    """Moments as ISO 8601, tuples as lists."""
    return json.dumps(dataclasses.asdict(facts), default=_plain, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Facts:
    """Inverse of `dump`. Raises ValueError, KeyError or TypeError when the text is not that of facts."""
    found = _build(Facts, json.loads(text))
    if not isinstance(found, Facts):
        raise TypeError(type(found))
    return found


def _plain(value: object) -> str:
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    raise TypeError(type(value))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _build(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        (hint,) = (part for part in typing.get_args(hint) if part is not types.NoneType)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        hints = _hints(hint)
        return hint(**{name: _build(hints[name], part) for name, part in value.items() if name in hints})
    if typing.get_origin(hint) is tuple:
        members = typing.get_args(hint)
        kinds = [members[0]] * len(value) if members[-1] is Ellipsis else list(members)
        return tuple(_build(kind, part) for kind, part in zip(kinds, value, strict=True))
    if typing.get_origin(hint) in (dict, Mapping):
        return dict(value)
    if hint in (dt.datetime, dt.date, dt.time):
        return hint.fromisoformat(value)
    return value
