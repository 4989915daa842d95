"""Users and their passwords. Who may ask for it is decided by the room above (`access`, `directory`)."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from portal_core.accounts import sign_in as hooks
from portal_core.accounts.errors import UnusablePassword, UsernameTaken
from portal_core.accounts.models import User, normalise_username
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import Realm


@transaction.atomic
def create(
    *, username: str, password: str | None, realm: Realm, must_change_password: bool = False, by: Actor
) -> User:  # fmt: skip
    """A new user; `password=None` means that none works yet. Raises UsernameTaken, UnusablePassword."""
    if password is not None:
        _check(password, User(username=normalise_username(username)))
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                username, password, realm=realm, must_change_password=must_change_password
            )  # fmt: skip
    except IntegrityError as error:
        raise UsernameTaken from error
    audit.record("account:create", by=by, target=user, realm=str(realm))
    return user


@transaction.atomic
def set_password(*, user: User, password: str, must_change_password: bool = False, by: Actor) -> User:
    """Set a password; every open session of the user ends with it. Raises UnusablePassword."""
    user = User.objects.select_for_update().get(pk=user.pk)
    _check(password, user)
    user.set_password(password)
    user.must_change_password = must_change_password
    user.save(update_fields=["password", "must_change_password"])
    hooks.close_sockets(user)
    audit.record("account:set-password", by=by, target=user, must_change=must_change_password)
    return user


@transaction.atomic
def choose_password(*, user: User, password: str, by: Actor) -> User:
    """Somebody who is signed in chooses another password for themselves; rooms above hear of it (`after_own_password`).
    Raises UnusablePassword."""
    changed = set_password(user=user, password=password, by=by)
    hooks.run_after_own_password(changed, clock.now())
    return changed


@transaction.atomic
def end_sessions(*, user: User, by: Actor) -> None:
    """Sign the user out everywhere at once."""
    user = User.objects.select_for_update().get(pk=user.pk)
    user.session_epoch += 1
    user.save(update_fields=["session_epoch"])
    hooks.close_sockets(user)
    audit.record("account:end-sessions", by=by, target=user)


@transaction.atomic
def set_active(*, user: User, active: bool, by: Actor) -> User:
    """Open or close the account; a closed one has no working session."""
    user = User.objects.select_for_update().get(pk=user.pk)
    if user.is_active != active:
        user.is_active = active
        user.save(update_fields=["is_active"])
        hooks.close_sockets(user)
        audit.record("account:open" if active else "account:close", by=by, target=user)
    return user


def _check(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise UnusablePassword(" ".join(error.messages), password=list(error.messages)) from error
