from typing import TYPE_CHECKING, Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from portal_core.accounts.realms import COOKIES, realm_of
from portal_core.kernel.enums import Realm

if TYPE_CHECKING:
    from portal_core.accounts.models import User


class RealmSessionAuthentication(SessionAuthentication):
    """The realm's session cookie, with CSRF enforced, or a program's token. The path decides the realm."""

    def authenticate(self, request: Request) -> "tuple[User, None] | None":
        user = getattr(request._request, "user", None)
        if user is None or not user.is_authenticated or user.realm != realm_of(request.path_info):
            return None
        if getattr(request._request, "api_token", None) is None:
            self.enforce_csrf(request)  # a token is no cookie: no other site can make a browser send it
        return user, None

    def authenticate_header(self, request: Request) -> str:
        """Named so that DRF answers 401 and not 403 to the anonymous."""
        return "Session"


class HowToSignIn(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """What the API's description says about signing in."""

    target_class = RealmSessionAuthentication
    name = ["session", "token"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "apiKey", "in": "cookie", "name": COOKIES[Realm.STAFF]},
            {"type": "http", "scheme": "bearer", "description": "A token from your page Sign-in and security."},
        ]
