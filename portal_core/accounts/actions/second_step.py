"""The second step of signing in: adding an app, using its codes, recovery codes, taking it away."""

import datetime as dt

from django.db import transaction

from portal_core.accounts import sign_in as hooks
from portal_core.accounts.errors import SecondStepKept, WrongCode
from portal_core.accounts.models import Authenticator, RecoveryCode, User
from portal_core.accounts.rules import totp
from portal_core.kernel import audit, clock, sealing
from portal_core.kernel.contracts import Actor

PURPOSE = "accounts.totp"


@transaction.atomic
def begin(*, user: User, by: Actor) -> tuple[Authenticator, str]:
    """A new app that has yet to show a code; returns it with its secret. Asked again, the earlier try is replaced."""
    now = clock.now()
    user = User.objects.select_for_update().get(pk=user.pk)
    user.authenticators.filter(confirmed_at=None).delete()
    secret = totp.new_secret()
    row = Authenticator.objects.create(
        user=user, name="Authenticator app", created_at=now, secret_sealed=sealing.seal(secret, purpose=PURPOSE)
    )
    audit.record("second-step:begin", by=by, target=user, at=now)
    return row, secret


def secret_of(row: Authenticator) -> str:
    """Raises sealing.Unreadable."""
    return sealing.unseal(row.secret_sealed, purpose=PURPOSE)


@transaction.atomic
def confirm(*, user: User, code: str, by: Actor) -> list[str]:
    """The app shows the right code: from now on it is asked for. Returns new recovery codes if there are none yet.

    Raises WrongCode.
    """
    now = clock.now()
    user = User.objects.select_for_update().get(pk=user.pk)
    row = user.authenticators.filter(confirmed_at=None).first()
    step = totp.matching_step(secret_of(row), totp.tidy(code), now, after=0) if row is not None else None
    if row is None or step is None:
        raise WrongCode
    row.confirmed_at, row.last_step = now, step
    row.save(update_fields=["confirmed_at", "last_step"])
    audit.record("second-step:confirm", by=by, target=user, at=now)
    return [] if user.recovery_codes.filter(used_at=None).exists() else _new_codes(user, now)


@transaction.atomic
def new_recovery_codes(*, user: User, by: Actor) -> list[str]:
    """Ten fresh codes; the old ones stop working."""
    now = clock.now()
    user = User.objects.select_for_update().get(pk=user.pk)
    codes = _new_codes(user, now)
    audit.record("second-step:new-recovery-codes", by=by, target=user, at=now)
    return codes


@transaction.atomic
def use_code(*, user: User, code: str) -> str:
    """Take a code of one of the user's apps, or a recovery code, once; return "app" or "recovery". Raises WrongCode."""
    now, typed = clock.now(), totp.tidy(code)
    user = User.objects.select_for_update().get(pk=user.pk)
    for row in user.authenticators.filter(confirmed_at__isnull=False):
        step = totp.matching_step(secret_of(row), typed, now, after=row.last_step)
        if step is not None:
            row.last_step = step
            row.save(update_fields=["last_step"])
            return "app"
    unused = user.recovery_codes.filter(hash=totp.recovery_hash(user.public_id, typed), used_at=None)
    if unused.update(used_at=now):
        audit.record("second-step:recovery-code", by=hooks.actor_of(user), target=user, at=now)
        return "recovery"
    raise WrongCode


@transaction.atomic
def remove(*, user: User, authenticator_id: str, by: Actor) -> None:
    """Stop asking for this app's codes. Raises SecondStepKept where the practice asks for a second step."""
    now = clock.now()
    user = User.objects.select_for_update().get(pk=user.pk)
    row = user.authenticators.filter(public_id=authenticator_id, confirmed_at__isnull=False).first()
    if row is None:
        return
    last = user.authenticators.filter(confirmed_at__isnull=False).count() == 1
    if last and hooks.second_step_owed(user):
        raise SecondStepKept
    row.delete()
    if last:
        user.recovery_codes.all().delete()
    audit.record("second-step:remove", by=by, target=user, at=now)


@transaction.atomic
def reset(*, user: User, by: Actor) -> None:
    """Take away all apps and codes, e.g. for a lost phone, and end every session. Who may ask is decided above."""
    now = clock.now()
    user = User.objects.select_for_update().get(pk=user.pk)
    user.authenticators.all().delete()
    user.recovery_codes.all().delete()
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])
    hooks.close_sockets(user)
    audit.record("second-step:reset", by=by, target=user, at=now)


def _new_codes(user: User, now: dt.datetime) -> list[str]:
    codes = [totp.new_recovery_code() for _ in range(totp.RECOVERY_CODES)]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, hash=totp.recovery_hash(user.public_id, code), created_at=now) for code in codes
    )
    return codes
