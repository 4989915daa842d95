"""What is known to be broken right now. The status page stands on the same floor and may not be asked directly, so a
storey above registers who to ask."""

import logging
from collections.abc import Callable, Sequence

from helpdesk.contracts import KnownProblem

logger = logging.getLogger(__name__)

_providers: list[Callable[[], Sequence[KnownProblem]]] = []


def register(provider: Callable[[], Sequence[KnownProblem]]) -> None:
    """Called in an app's `ready()`. The same provider twice counts once."""
    if provider not in _providers:
        _providers.append(provider)


def current() -> list[KnownProblem]:
    """Every known problem. A provider that fails is left out: people must be able to write to us just then."""
    found: list[KnownProblem] = []
    for provider in _providers:
        try:
            found.extend(provider())
        except Exception:
            logger.exception("known problems: %r failed and was left out", provider)
    return found
