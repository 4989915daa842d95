from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from portal_core.accounts.models import User, normalise_username
from portal_core.kernel.enums import Realm


class RealmBackend(BaseBackend):
    """Username and password, within one realm."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        realm: Realm | None = None,
        **kwargs: Any,
    ) -> User | None:
        """The user, or None. An unknown name costs the same hashing as a known one, so the clock tells nothing."""
        if username is None or password is None or realm is None:
            return None
        user = User.objects.filter(username=normalise_username(username), realm=realm).first()
        if user is None or not user.has_usable_password():
            User().set_password(password)
            return None
        if user.check_password(password) and user.is_active:
            return user
        return None

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
