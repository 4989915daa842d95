"""Tokens for programs that act for a person."""

import datetime as dt
import secrets

from django.db import transaction

from portal_core.accounts.errors import TooManyTokens
from portal_core.accounts.models import ApiToken, User
from portal_core.accounts.queries import TOKEN_PREFIX, token_hash
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor

LIVES = dt.timedelta(days=365)
MOST = 10


@transaction.atomic
def create(*, user: User, name: str, hat: str = "", by: Actor) -> tuple[ApiToken, str]:
    """Returns the row and the secret, which is shown once and kept nowhere. Raises TooManyTokens."""
    User.objects.select_for_update().get(pk=user.pk)
    if user.api_tokens.count() >= MOST:
        raise TooManyTokens
    now, secret = clock.now(), TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name.strip()[:60], hash=token_hash(secret), hat=hat, session_hash=user.get_session_auth_hash(),
        created_at=now, expires_at=now + LIVES,
    )  # fmt: skip
    audit.record("api_token:create", by=by, target=token, at=now, name=token.name)
    return token, secret


@transaction.atomic
def revoke(*, user: User, token_id: str, by: Actor) -> bool:
    """Whether there was one to take away."""
    token = user.api_tokens.select_for_update().filter(public_id=token_id).first()
    if token is None:
        return False
    audit.record("api_token:revoke", by=by, target=token, at=clock.now(), name=token.name)
    token.delete()
    return True
