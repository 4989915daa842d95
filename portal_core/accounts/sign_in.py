"""What the rooms above add to a sign-in: who the user is, and what else must happen in the same breath."""

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind, Realm
from portal_core.kernel.realtime.push import push

if TYPE_CHECKING:
    from portal_core.accounts.models import User

AfterSignIn = Callable[["User", dt.datetime], None]
ActorLookup = Callable[["User"], Actor | None]

SecondStepRule = Callable[["User"], bool]

SESSION_ENDED = "session.ended"

_after: list[AfterSignIn] = []
_after_password: list[AfterSignIn] = []
_rules: list[SecondStepRule] = []
_lookups: list[ActorLookup] = []


def after_sign_in(callback: AfterSignIn) -> AfterSignIn:
    """Call `callback(user, at)` inside the sign-in's transaction, in the order of registration (from `ready()`).

    Raising an AppError refuses the sign-in: its message is shown, nothing but the audit line stays.
    """
    if callback not in _after:
        _after.append(callback)
    return callback


def after_own_password(callback: AfterSignIn) -> AfterSignIn:
    """Call `callback(user, at)` in the transaction in which somebody who is signed in chooses another password."""
    if callback not in _after_password:
        _after_password.append(callback)
    return callback


def actor_lookup(callback: ActorLookup) -> ActorLookup:
    """Say who a user is for the audit ledger (`directory` does)."""
    if callback not in _lookups:
        _lookups.append(callback)
    return callback


def second_step_rule(callback: SecondStepRule) -> SecondStepRule:
    """Say whether this user must have a second step (a setting of their practice; `directory` does)."""
    if callback not in _rules:
        _rules.append(callback)
    return callback


def second_step_owed(user: "User") -> bool:
    return any(rule(user) for rule in _rules)


def socket_group(user: "User") -> str:
    """The group that every socket of this user joins."""
    return f"user:{user.public_id}"


def close_sockets(user: "User") -> None:
    """After commit, close what is open of this user; a page whose session still holds comes back by itself."""
    push(socket_group(user), {"type": SESSION_ENDED})


def run_after(user: "User", at: dt.datetime) -> None:
    for callback in _after:
        callback(user, at)


def run_after_own_password(user: "User", at: dt.datetime) -> None:
    for callback in _after_password:
        callback(user, at)


def actor_of(user: "User") -> Actor:
    """The person behind a user, or the bare user where no room above knows one."""
    for lookup in _lookups:
        actor = lookup(user)
        if actor is not None:
            return actor
    kind = ActorKind.STAFF if user.realm == Realm.STAFF else ActorKind.PATIENT
    return Actor(kind=kind, id=user.public_id, label="")
