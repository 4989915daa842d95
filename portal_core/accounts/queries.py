import datetime as dt
import hashlib
import secrets

from portal_core.accounts.models import ApiToken, Authenticator, SignInRecord, User, normalise_username
from portal_core.kernel import clock

TOKEN_PREFIX = "lantern_"  # noqa: S105 - what every token begins with
TOKEN_USED_EVERY = dt.timedelta(minutes=1)  # how exact "last used" is: not every request writes


def is_username_of(user: User, text: str) -> bool:
    """Whether this is how the user signs in, as people type it."""
    return normalise_username(text) == user.username


def username_taken(username: str, *, except_user: User | None = None) -> bool:
    """Whether somebody has this username already, in either realm and whatever the case (PC-53)."""
    others = User.objects.filter(username=normalise_username(username))
    if except_user is not None:
        others = others.exclude(pk=except_user.pk)
    return others.exists()


def authenticators(user: User) -> list[Authenticator]:
    """The apps that work, oldest first."""
    return list(user.authenticators.filter(confirmed_at__isnull=False).order_by("confirmed_at"))


def unconfirmed(user: User) -> Authenticator | None:
    """The app that has yet to show its first code."""
    return user.authenticators.filter(confirmed_at=None).first()


def recovery_codes_left(user: User) -> int:
    return user.recovery_codes.filter(used_at=None).count()


def sign_ins(user: User, *, limit: int = 10) -> list[SignInRecord]:
    """The newest sign-ins and refused tries."""
    return list(user.sign_ins.order_by("-at", "-id")[:limit])


def tokens(user: User) -> list[ApiToken]:
    """The programs that may act for this person, newest first."""
    return list(user.api_tokens.filter(session_hash=user.get_session_auth_hash()).order_by("-created_at", "-id"))


def token_of(secret: str) -> ApiToken | None:
    """The token of this secret if it may still be used, marked as used; None for everything else."""
    if not secret.startswith(TOKEN_PREFIX) or len(secret) > 100:
        return None
    now = clock.now()
    token = ApiToken.objects.select_related("user").filter(hash=token_hash(secret), expires_at__gt=now).first()
    if token is None or not token.user.is_active:
        return None
    if not secrets.compare_digest(token.session_hash, token.user.get_session_auth_hash()):
        return None
    if token.last_used_at is None or now - token.last_used_at >= TOKEN_USED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def token_hash(secret: str) -> str:
    """A random secret of 256 bits needs no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()
