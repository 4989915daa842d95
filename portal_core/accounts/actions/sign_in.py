"""Signing in and out. The password is hashed outside any transaction: 50 ms of Argon2 would hold everybody's writes."""

import datetime as dt
import hashlib
import hmac

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.db import transaction
from django.http import HttpRequest

from portal_core.accounts import sign_in as hooks
from portal_core.accounts.errors import SignInSlowedDown, WrongCredentials
from portal_core.accounts.models import SignInThrottle, User, normalise_username
from portal_core.accounts.rules import throttle
from portal_core.accounts.sessions import mark_started
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind, Realm
from portal_core.kernel.errors import AppError
from portal_core.kernel.http.ratelimit import client_address

VISITOR = Actor(kind=ActorKind.REQUESTER, id="visitor", label="Visitor")


def sign_in(*, request: HttpRequest, realm: Realm, username: str, password: str) -> User:
    """Open a session of `realm` for whoever these credentials belong to.

    Raises SignInSlowedDown while a pause runs, WrongCredentials for anything that does not match, and whatever a
    registered `after_sign_in` refuses with.
    """
    now = clock.now()
    account, address = _key("account", realm, normalise_username(username)), _key("address", client_address(request))
    _take_a_try(account, address, now)
    user = authenticate(request, username=username, password=password, realm=realm)
    if not isinstance(user, User):
        _record_failure(username, realm, now)
        raise WrongCredentials
    try:
        with transaction.atomic():
            hooks.run_after(user, now)
            SignInThrottle.objects.filter(key=account).delete()
            _forgive(address)
            request.session.flush()  # nothing of whoever sat here before goes over into this session
            login(request, user)
            mark_started(request.session, realm, now)
            audit.record("account:sign-in", by=hooks.actor_of(user), target=user, at=now, realm=str(realm))
    except AppError as refusal:
        logout(request)
        audit.record("account:sign-in-refused", by=hooks.actor_of(user), target=user, at=now, code=refusal.code)
        raise
    return user


@transaction.atomic
def sign_out(*, request: HttpRequest, user: User) -> None:
    """End this session. Signing out twice is no mistake."""
    audit.record("account:sign-out", by=hooks.actor_of(user), target=user, realm=str(user.realm))
    logout(request)


def _key(*parts: str) -> str:
    """Throttle rows hold neither names nor addresses."""
    return hmac.new(settings.SECRET_KEY.encode(), "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


@transaction.atomic
def _take_a_try(account: str, address: str, now: dt.datetime) -> None:
    """Count the try before it is made: parallel guesses cannot all slip in under the same count."""
    for key, limit in ((account, throttle.ACCOUNT), (address, throttle.ADDRESS)):
        SignInThrottle.objects.get_or_create(key=key, defaults={"last_at": now})
        row = SignInThrottle.objects.select_for_update().get(key=key)
        if now - row.last_at >= dt.timedelta(seconds=limit.quiet):
            row.failures, row.blocked_until = 0, None
        if row.blocked_until is not None and row.blocked_until > now:
            raise SignInSlowedDown(retry_after=max(1, int((row.blocked_until - now).total_seconds() + 0.999)))
        row.failures += 1
        wait = throttle.pause(limit, row.failures)
        row.blocked_until = now + dt.timedelta(seconds=wait) if wait else None
        row.last_at = now
        row.save(update_fields=["failures", "blocked_until", "last_at"])


def _forgive(address: str) -> None:
    """A good sign-in takes back the try it was counted as; it does not wipe out other people's failures."""
    row = SignInThrottle.objects.select_for_update().filter(key=address).first()
    if row is not None:
        row.failures = max(0, row.failures - 1)
        row.blocked_until = None if throttle.pause(throttle.ADDRESS, row.failures) == 0 else row.blocked_until
        row.save(update_fields=["failures", "blocked_until"])


def _record_failure(username: str, realm: Realm, now: dt.datetime) -> None:
    """One ledger line without anything that was typed; the account stands in it only where there is one."""
    user = User.objects.filter(username=normalise_username(username), realm=realm).first()
    practice_id = hooks.actor_of(user).practice_id if user is not None else None
    audit.record(
        "account:sign-in-failed", by=VISITOR, target=user, practice_id=practice_id, at=now, realm=str(realm)
    )  # fmt: skip
