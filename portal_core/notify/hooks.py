"""A last word of the app that asked for a delivery, at the moment it would leave; and what it hears afterwards."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from django.db import transaction

from portal_core.notify.contracts import Reached

logger = logging.getLogger(__name__)

Check = Callable[[frozenset[str]], Iterable[str]]
Resolver = Callable[[frozenset[str]], Mapping[str, Reached | None]]


class OnFailure(Protocol):
    """Hears of deliveries that end unsent. `code` as in Delivery.last_error; `permanent`: refused for good (the
    address does not exist, complaint), as opposed to given up after too many attempts."""

    def __call__(self, *, keys: frozenset[str], channel: str, code: str, permanent: bool) -> None: ...


class OnSuccess(Protocol):
    """Hears of deliveries that a server or provider took."""

    def __call__(self, *, keys: frozenset[str], channel: str) -> None: ...


_checks: dict[str, Check] = {}
_resolvers: dict[str, Resolver] = {}
_on_failure: dict[str, OnFailure] = {}
_on_success: dict[str, OnSuccess] = {}
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


def resolve_addresses(template_prefix: str, resolver: Resolver) -> None:
    """Deliveries from `template_prefix…` whose row has no address are resolved right before sending.

    `resolver` gets the recipient keys of one batch and returns where each is reached. A key it leaves out is not wanted
    any more: its delivery ends as `cancelled`. A key whose value is None cannot be told now and is tried again later,
    and so is the whole batch if it raises.
    """
    _resolvers[template_prefix] = resolver


def resolver_of(template: str) -> Resolver | None:
    """The resolver with the longest prefix of this template."""
    fitting = [prefix for prefix in _resolvers if template.startswith(prefix)]
    return _resolvers[max(fitting, key=len)] if fitting else None


def after_failure(template_prefix: str, callback: OnFailure) -> None:
    """Tell `callback` when deliveries from `template_prefix…` were refused for good or given up.

    Called after the mark is committed, in a transaction of its own; what it raises is logged and changes nothing. It
    may hear of the same refusal twice, and after a crash not at all.
    """
    _on_failure[template_prefix] = callback


def after_success(template_prefix: str, callback: OnSuccess) -> None:
    """Tell `callback` when deliveries from `template_prefix…` were taken; under the terms of `after_failure`."""
    _on_success[template_prefix] = callback


def tell_failure(template: str, *, keys: Iterable[str], channel: str, code: str, permanent: bool) -> None:
    """Hand a refusal on to whom it concerns; outside of the transaction that marks it."""
    for prefix, callback in _on_failure.items():
        if template.startswith(prefix):
            try:
                with transaction.atomic():
                    callback(keys=frozenset(keys), channel=channel, code=code, permanent=permanent)
            except Exception:  # the mark stands, whatever the app makes of it
                logger.exception("notify: an after_failure callback failed")


def tell_success(template: str, *, keys: Iterable[str], channel: str) -> None:
    """Hand a success on to whom it concerns; outside of the transaction that marks it."""
    for prefix, callback in _on_success.items():
        if template.startswith(prefix):
            try:
                with transaction.atomic():
                    callback(keys=frozenset(keys), channel=channel)
            except Exception:  # as above
                logger.exception("notify: an after_success callback failed")
