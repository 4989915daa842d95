"""A last word of the app that asked for a delivery, at the moment it would leave."""

from collections.abc import Callable, Iterable

Check = Callable[[frozenset[str]], Iterable[str]]

_checks: dict[str, Check] = {}
_secret: set[str] = set()


def forget_when_sent(template_prefix: str) -> None:
    """Words of these templates open something ("access/": a link that sets a password): once every delivery of such a
    message has left, its words are blanked, so that a copy of the database opens nothing. The demo keeps them: its
    mailbox shows them. For e-mail only, where nobody reports a loss later. Registered in the app's `ready()`.
    """
    _secret.add(template_prefix)


def is_secret(template: str) -> bool:
    return template.startswith(tuple(_secret))


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
