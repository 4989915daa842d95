"""Signing in and out. The password is hashed outside any transaction: 50 ms of Argon2 would hold everybody's writes.

Where the user has a second step, the right password alone opens nothing: it is noted in an otherwise empty session, and
`finish` opens the real one. Both halves count against the same pause.
"""

import datetime as dt
import hashlib
import hmac
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.contrib.auth import SESSION_KEY, authenticate, login, logout
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest

from portal_core.accounts import sign_in as hooks
from portal_core.accounts.actions import second_step
from portal_core.accounts.errors import SecondStepOver, SignInSlowedDown, WrongCode, WrongCredentials
from portal_core.accounts.models import SignInRecord, SignInThrottle, User, normalise_username
from portal_core.accounts.rules import throttle, totp
from portal_core.accounts.sessions import ENROL_KEY, FRESH_KEY, mark_started
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind, Realm
from portal_core.kernel.errors import AppError
from portal_core.kernel.http.ratelimit import client_address, neighbourhood

VISITOR = Actor(kind=ActorKind.REQUESTER, id="visitor", label="Visitor")


PENDING_KEY, PENDING_AT_KEY = "second_step_user", "second_step_at"
PENDING_SECONDS = 300
HALF = 32  # of a key of the throttle, in hex digits: 128 bits


def sign_in(*, request: HttpRequest, realm: Realm, username: str, password: str) -> User | None:
    """Open a session of `realm` for whoever these credentials belong to; None: the second step comes next.

    Raises SignInSlowedDown while a pause runs, WrongCredentials for anything that does not match, and whatever a
    registered `after_sign_in` refuses with.
    """
    now = clock.now()
    counts = _Counts.of(realm, normalise_username(username), request)
    _take_a_try(counts, now)
    user = authenticate(request, username=username, password=password, realm=realm)
    if not isinstance(user, User):
        _record_failure(request, username, realm, now)
        raise WrongCredentials
    if user.authenticators.filter(confirmed_at__isnull=False).exists():
        _wait_for_code(request, user, now)
        with transaction.atomic():
            _forgive(counts)  # the second half is counted by itself
        return None
    return _open(request, realm, user, now, counts)


def finish(*, request: HttpRequest, realm: Realm, code: str) -> User:
    """The second step: a code of the app, or a recovery code. Raises SecondStepOver, SignInSlowedDown, WrongCode."""
    now = clock.now()
    user = pending(request, realm, now)
    if user is None:
        raise SecondStepOver
    counts = _Counts.of(realm, user.username, request)
    _take_a_try(counts, now)
    try:
        second_step.use_code(user=user, code=code)
    except WrongCode:
        _record_failure(request, user.username, realm, now)
        raise
    return _open(request, realm, user, now, counts)


def confirm_password(*, request: HttpRequest, user: User, password: str) -> None:
    """Somebody who is signed in types their password again; the session counts as fresh for ten minutes.

    It is slowed down like a sign-in: an open session is no place to guess in. Raises SignInSlowedDown,
    WrongCredentials.
    """
    now, realm = clock.now(), Realm(user.realm)
    counts = _Counts.of(realm, user.username, request)
    _take_a_try(counts, now)
    if not user.check_password(password):
        _record_failure(request, user.username, realm, now)
        raise WrongCredentials
    with transaction.atomic():
        _forget(counts)
    if SESSION_KEY in request.session:  # a program that shows a token has none, and gets none by this
        request.session[FRESH_KEY] = int(now.timestamp())


def pending(request: HttpRequest, realm: Realm, now: dt.datetime) -> User | None:
    """Who typed the right password in this browser within the last five minutes and owes the second step."""
    began = request.session.get(PENDING_AT_KEY, 0)
    if not 0 <= int(now.timestamp()) - began < PENDING_SECONDS:
        return None
    return User.objects.filter(pk=request.session.get(PENDING_KEY, 0), realm=realm, is_active=True).first()


def _wait_for_code(request: HttpRequest, user: User, now: dt.datetime) -> None:
    request.session.flush()
    mark_started(request.session, Realm(user.realm), now)
    request.session[PENDING_KEY], request.session[PENDING_AT_KEY] = user.pk, int(now.timestamp())


def _open(request: HttpRequest, realm: Realm, user: User, now: dt.datetime, counts: "_Counts") -> User:
    try:
        with transaction.atomic():
            hooks.run_after(user, now)
            _forget(counts)
            request.session.flush()  # nothing of whoever sat here before goes over into this session
            login(request, user)
            mark_started(request.session, realm, now)
            request.session[FRESH_KEY] = int(now.timestamp())
            if hooks.second_step_owed(user) and not user.authenticators.filter(confirmed_at__isnull=False).exists():
                request.session[ENROL_KEY] = True
            _remember(request, user, now, good=True)
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
    hooks.close_sockets(user)
    logout(request)


@dataclass(frozen=True, slots=True)
class _Counts:
    """The rows that one try counts in. The first two begin alike, so that all of an account are found by its name."""

    account: str  # this name from this address
    name: str  # this name from anywhere
    address: str  # this address, whatever the name

    @classmethod
    def of(cls, realm: Realm, name: str, request: HttpRequest) -> Self:
        address, start = neighbourhood(client_address(request)), _start(realm, name)
        pair = _key("account", realm, name, address)[:HALF]
        return cls(account=start + pair, name=start + "0" * HALF, address=_key("address", address))


def _start(realm: Realm, name: str) -> str:
    return _key("account", realm, name)[:HALF]


def _key(*parts: str) -> str:
    """Throttle rows hold neither names nor addresses."""
    return hmac.new(settings.SECRET_KEY.encode(), "\x1f".join(parts).encode(), hashlib.sha256).hexdigest()


@transaction.atomic
def _take_a_try(counts: _Counts, now: dt.datetime) -> None:
    """Count the try before it is made: parallel guesses cannot all slip in under the same count."""
    limits = ((counts.account, throttle.ACCOUNT), (counts.name, throttle.NAME), (counts.address, throttle.ADDRESS))
    for key, limit in limits:
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


def _forget(counts: _Counts) -> None:
    """After a good sign-in: this account starts anew, from here and from anywhere."""
    SignInThrottle.objects.filter(key__in=(counts.account, counts.name)).delete()
    _forgive(counts)


def _forgive(counts: _Counts) -> None:
    """A good sign-in takes back the try it was counted as; it does not wipe out other people's failures."""
    row = SignInThrottle.objects.select_for_update().filter(key=counts.address).first()
    if row is not None:
        row.failures = max(0, row.failures - 1)
        row.blocked_until = None if throttle.pause(throttle.ADDRESS, row.failures) == 0 else row.blocked_until
        row.save(update_fields=["failures", "blocked_until"])


def pause_of(user: User, now: dt.datetime) -> int:
    """Seconds until this account may be tried again from everywhere; 0 when nobody has to wait."""
    rows = SignInThrottle.objects.filter(key__startswith=_start(Realm(user.realm), user.username))
    until = rows.aggregate(longest=Max("blocked_until"))["longest"]
    if until is None or until <= now:
        return 0
    return max(1, int((until - now).total_seconds() + 0.999))


@transaction.atomic
def clear_pause(*, user: User, by: Actor) -> None:
    """Let this account try again at once. Who may ask is decided above."""
    if SignInThrottle.objects.filter(key__startswith=_start(Realm(user.realm), user.username)).delete()[0]:
        audit.record("account:clear-pause", by=by, target=user)


def _remember(request: HttpRequest, user: User, now: dt.datetime, *, good: bool) -> None:
    """One line for the person's own security page."""
    SignInRecord.objects.create(
        user=user, at=now, good=good, address=totp.shown_address(client_address(request)),
        agent=totp.shown_agent(request.headers.get("User-Agent", "")),
    )  # fmt: skip


def _record_failure(request: HttpRequest, username: str, realm: Realm, now: dt.datetime) -> None:
    """One ledger line without anything that was typed; the account stands in it only where there is one."""
    user = User.objects.filter(username=normalise_username(username), realm=realm).first()
    practice_id = hooks.actor_of(user).practice_id if user is not None else None
    if user is not None:
        _remember(request, user, now, good=False)
    audit.record(
        "account:sign-in-failed", by=VISITOR, target=user, practice_id=practice_id, at=now, realm=str(realm)
    )  # fmt: skip
