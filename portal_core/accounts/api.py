from typing import TYPE_CHECKING

from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from portal_core.accounts.realms import realm_of

if TYPE_CHECKING:
    from portal_core.accounts.models import User


class RealmSessionAuthentication(SessionAuthentication):
    """The realm's session cookie, with CSRF enforced. The path decides the realm, as everywhere."""

    def authenticate(self, request: Request) -> "tuple[User, None] | None":
        user = getattr(request._request, "user", None)
        if user is None or not user.is_authenticated or user.realm != realm_of(request.path_info):
            return None
        self.enforce_csrf(request)
        return user, None

    def authenticate_header(self, request: Request) -> str:
        """Named so that DRF answers 401 and not 403 to the anonymous."""
        return "Session"
