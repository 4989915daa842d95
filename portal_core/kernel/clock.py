"""The clock. An action reads it once and passes the moment on."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.utils import timezone

_set: ContextVar[dt.datetime | None] = ContextVar("clock", default=None)


def now() -> dt.datetime:
    """The present moment, aware, UTC."""
    return _set.get() or timezone.now()


@contextmanager
def at(moment: dt.datetime) -> Iterator[None]:
    """Do what was said at `moment` and could not be written down then: its rows carry that time."""
    token = _set.set(moment)
    try:
        yield
    finally:
        _set.reset(token)
