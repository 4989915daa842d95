"""What crosses borders: who did it (`Actor`) and what happened (`Event`)."""

import dataclasses
import datetime as dt
import types
import typing
from typing import Any, ClassVar, Self

from portal_core.kernel.enums import ActorKind


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is acting. `id` is a public id, `hat` the role worked in at that moment (kept on every audit line)."""

    kind: ActorKind
    id: str
    label: str
    practice_id: int | None = None
    hat: str = ""


SYSTEM = Actor(kind=ActorKind.SYSTEM, id="system", label="System")


class Event:
    """Base of everything published through the outbox. Subclasses are frozen dataclasses of plain values.

    Allowed field types: str, int, bool, float, None, datetime, tuple[str, ...], tuple[int, ...].
    """

    registry: ClassVar[dict[str, type["Event"]]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # slots=True makes dataclass build the class a second time; the later one is the one to keep.
        Event.registry[cls.event_name()] = cls

    @classmethod
    def event_name(cls) -> str:
        """`helpdesk.TicketResolved`: the app's folder and the class."""
        return f"{cls.__module__.rpartition('.')[0]}.{cls.__name__}"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; datetimes become ISO 8601 strings."""
        values: dict[str, Any] = {}
        for field in dataclasses.fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            values[field.name] = value.isoformat() if isinstance(value, dt.datetime) else value
        return values

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """Inverse of `to_json`. Raises KeyError when the stored event lacks a field that has no default."""
        hints = typing.get_type_hints(cls)
        known: dict[str, Any] = {}
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            if field.name not in values:
                if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                    raise KeyError(field.name)
                continue
            value = values[field.name]
            if isinstance(value, str) and _is(hints[field.name], dt.datetime):
                value = dt.datetime.fromisoformat(value)
            elif isinstance(value, list):
                value = tuple(value)
            known[field.name] = value
        return cls(**known)


def _is(hint: Any, wanted: type) -> bool:
    if isinstance(hint, types.UnionType):
        return wanted in typing.get_args(hint)
    return hint is wanted
