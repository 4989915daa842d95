"""A last word of the app that asked for a delivery, at the moment it would leave."""

from collections.abc import Callable, Iterable

Check = Callable[[frozenset[str]], Iterable[str]]

_checks: dict[str, Check] = {}


def before_send(template_prefix: str, check: Check) -> None:
    """Ask `check` before sending anything rendered from `template_prefix…` ("statuspage/").

    `check` gets the recipient keys of one batch and returns those that are to be dropped (unsubscribed meanwhile);
    their deliveries end as `cancelled`. If it raises, nothing of the batch is sent and it is tried again later.
    Registered in the app's `ready()`.
    """
    _checks[template_prefix] = check


def dropped(template: str, keys: frozenset[str]) -> frozenset[str]:
    """The keys among `keys` that some check does not want sent."""
    out: set[str] = set()
    for prefix, check in _checks.items():
        if template.startswith(prefix):
            out.update(check(keys))
    return frozenset(out & keys)
