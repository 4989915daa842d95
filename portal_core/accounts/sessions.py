"""Two realms, two cookies, one place that decides which session a request carries.

The realm follows from the path. A session belongs to one realm for life: a cookie moved to the other name opens
nothing. Public paths carry no session at all and never set a cookie.
"""

import datetime as dt
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user,
    get_user_model,
    load_backend,
)
from django.contrib.auth.middleware import AuthenticationMiddleware, LoginRequiredMiddleware
from django.contrib.auth.models import AnonymousUser
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from rest_framework.permissions import AllowAny

from portal_core.accounts import queries
from portal_core.accounts.errors import PasswordChangeRequired, SecondStepRequired, SignInRequired
from portal_core.accounts.models import User
from portal_core.accounts.realms import COOKIES, HOMES, SIGN_IN, SIGN_OUT, realm_of
from portal_core.kernel import clock
from portal_core.kernel.enums import Realm
from portal_core.kernel.errors import NotFound
from portal_core.kernel.http.errors import respond

REALM_KEY, STARTED_KEY, SEEN_KEY = "realm", "started_at", "seen_at"
ENROL_KEY = "second_step_owed"  # the practice asks for a second step, and this person has none yet
FRESH_KEY = "password_typed_at"
FRESH_SECONDS = 600
SEEN_EVERY_SECONDS = 60
BACKGROUND = "X-Background"  # a page asks by itself, not because somebody did something: no sign of life

__all__ = [
    "COOKIES",
    "HOMES",
    "ClosedByDefaultMiddleware",
    "RealmAuthenticationMiddleware",
    "RealmSessionMiddleware",
    "is_open",
    "new_store",
    "realm_of",
    "user_of_session",
]


def new_store(key: str | None = None) -> SessionBase:
    """The configured session store, opened on `key` (no query yet)."""
    store: type[DatabaseSessionStore] = import_module(settings.SESSION_ENGINE).SessionStore
    return store(key)


def mark_started(session: SessionBase, realm: Realm, at: dt.datetime) -> None:
    """Bind a fresh session to its realm and start both clocks."""
    session[REALM_KEY] = str(realm)
    session[STARTED_KEY] = session[SEEN_KEY] = int(at.timestamp())
    session.set_expiry(settings.SESSION_IDLE_SECONDS[str(realm)] + SEEN_EVERY_SECONDS)


def is_live(session: SessionBase, realm: Realm, at: dt.datetime) -> bool:
    """Whether this session belongs to the realm and neither rested nor lived too long."""
    if session.get(REALM_KEY) != str(realm):
        return False
    moment = int(at.timestamp())
    idle, absolute = settings.SESSION_IDLE_SECONDS[str(realm)], settings.SESSION_ABSOLUTE_SECONDS[str(realm)]
    return bool(moment - session.get(SEEN_KEY, 0) < idle and moment - session.get(STARTED_KEY, 0) < absolute)


def user_of_session(realm: Realm, key: str, at: dt.datetime) -> tuple[User, SessionBase] | None:
    """Who stands behind a session cookie, outside HTTP (WebSockets). None unless everything about it holds."""
    session = new_store(key)
    if not is_live(session, realm, at):
        return None
    try:
        user_id = get_user_model()._meta.pk.to_python(session[SESSION_KEY])
        backend = load_backend(session[BACKEND_SESSION_KEY]) if _backend_known(session) else None
    except (KeyError, ValueError):
        return None
    user = backend.get_user(user_id) if backend is not None else None
    if not isinstance(user, User) or user.realm != realm:
        return None
    if not constant_time_compare(session.get(HASH_SESSION_KEY, ""), user.get_session_auth_hash()):
        return None
    return user, session


def _backend_known(session: SessionBase) -> bool:
    return session.get(BACKEND_SESSION_KEY) in settings.AUTHENTICATION_BACKENDS


def safe_next(request: HttpRequest, realm: Realm, wanted: str | None) -> str:
    """`wanted` when it is a page of this realm on this host, else the realm's home page."""
    if wanted and wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        path = urlsplit(wanted).path
        if realm_of(path) is realm and not path.startswith("/api/") and path not in (SIGN_IN[realm], SIGN_OUT[realm]):
            return wanted
    return HOMES[realm]


class RealmSessionMiddleware:
    """Puts `request.realm` and, in a realm, `request.session` in place."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        realm = realm_of(request.path_info)
        request.realm = realm  # type: ignore[attr-defined]
        if realm is Realm.PUBLIC:
            return self.get_response(request)
        cookie = COOKIES[realm]
        given = request.COOKIES.get(cookie)
        by_itself = BACKGROUND in request.headers
        request.session = _open(given, realm, clock.now(), by_itself) if given else new_store()
        response = self.get_response(request)
        return self._close(request.session, response, cookie, given)

    def _close(self, session: SessionBase, response: HttpResponse, cookie: str, given: str | None) -> HttpResponse:
        patch_vary_headers(response, ("Cookie",))
        response.headers.setdefault("Cache-Control", "no-store")  # a shared machine's Back button shows nobody's data
        if session.is_empty():
            if given is not None:
                response.delete_cookie(cookie, path="/", samesite="Lax")
            return response
        if session.modified and response.status_code < 500:
            try:
                session.save()
            except UpdateError:  # signed out in another tab while this request ran: stay signed out
                response.delete_cookie(cookie, path="/", samesite="Lax")
                return response
        if session.session_key != given:
            response.set_cookie(
                cookie,
                str(session.session_key),
                path="/",
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _open(key: str, realm: Realm, at: dt.datetime, by_itself: bool) -> SessionBase:
    session = new_store(key)
    if session.get(REALM_KEY) is not None and not is_live(session, realm, at):
        if session.get(REALM_KEY) == str(realm):
            session.flush()  # over: the row goes too. A session of the other realm is only ignored.
        return new_store()
    if session.get(REALM_KEY) is None:
        return new_store()
    if not by_itself and int(at.timestamp()) - session[SEEN_KEY] >= SEEN_EVERY_SECONDS:
        session[SEEN_KEY] = int(at.timestamp())
    return session


class RealmAuthenticationMiddleware(AuthenticationMiddleware):
    """`request.user`: the session's user when their realm is the path's realm, else anonymous."""

    def process_request(self, request: HttpRequest) -> None:
        request.user = SimpleLazyObject(partial(_user, request))  # type: ignore[assignment]
        request.auser = partial(_auser, request)


def _user(request: HttpRequest) -> User | AnonymousUser:
    realm: Realm = request.realm  # type: ignore[attr-defined]
    if (secret := bearer_of(request)) is not None:
        # A program shows a token and nothing else: a cookie beside it must not help a wrong one.
        token = queries.token_of(secret)
        request.api_token = token  # type: ignore[attr-defined]
        return token.user if token is not None and token.user.realm == realm else AnonymousUser()
    if realm is Realm.PUBLIC or SESSION_KEY not in request.session:
        return AnonymousUser()
    user = get_user(request)
    return user if isinstance(user, User) and user.realm == realm else AnonymousUser()


def bearer_of(request: HttpRequest) -> str | None:
    """The token in the Authorization header, at the staff's API only; None where there is none."""
    if request.realm is not Realm.STAFF or not request.path_info.startswith("/api/"):  # type: ignore[attr-defined]
        return None
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


async def _auser(request: HttpRequest) -> User | AnonymousUser:
    return await sync_to_async(_user)(request)


class ClosedByDefaultMiddleware(LoginRequiredMiddleware):
    """Every view is closed unless it says otherwise (`directory.guards.public_page`).

    In a realm: anonymous people are sent to that realm's sign-in. Outside: a view that is not marked public does not
    exist. DRF views outside the realms keep their own door (`IsAuthenticated` is the project's default there).
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., Any],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        realm: Realm = request.realm  # type: ignore[attr-defined]
        if is_open(view_func):
            return None
        if realm is Realm.PUBLIC:
            return None if _api_permissions(view_func) else respond(request, NotFound())
        if not request.user.is_authenticated:
            return _ask_to_sign_in(request, realm)
        if request.user.must_change_password and not getattr(view_func, "before_password_change", False):
            return _ask_for_new_password(request, realm)
        if request.session.get(ENROL_KEY) and not getattr(view_func, "before_password_change", False):
            return _ask_for_second_step(request, realm)
        return None


def is_open(view_func: Callable[..., Any]) -> bool:
    """Whether anybody may call this view: marked public, or an API view whose only permission is AllowAny."""
    if getattr(view_func, "public_page", False):
        return True
    permissions = _api_permissions(view_func)
    if permissions is not None:
        # DRF marks all of its views as exempt from Django's login middleware; only AllowAny really means open.
        return permissions in ([], [AllowAny])
    return not getattr(view_func, "login_required", True)


def _api_permissions(view_func: Callable[..., Any]) -> list[Any] | None:
    """The permission classes of a DRF view; None for any other view."""
    classes = getattr(getattr(view_func, "cls", None), "permission_classes", None)
    if classes is None:
        return None
    return list(getattr(view_func, "initkwargs", {}).get("permission_classes", classes))


def _ask_to_sign_in(request: HttpRequest, realm: Realm) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return respond(request, SignInRequired())
    wanted = request.get_full_path()
    is_htmx = request.headers.get("HX-Request") == "true"
    if is_htmx:  # the part being fetched is no page to come back to; the page around it is
        wanted = urlsplit(request.headers.get("HX-Current-URL", ""))._replace(scheme="", netloc="").geturl()
    elif request.method not in ("GET", "HEAD"):
        wanted = ""
    query = QueryDict(mutable=True)
    target = safe_next(request, realm, wanted)
    if target != HOMES[realm]:
        query["next"] = target
    return _go(SIGN_IN[realm] + (f"?{query.urlencode(safe='/')}" if query else ""), is_htmx)


def _ask_for_new_password(request: HttpRequest, realm: Realm) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return respond(request, PasswordChangeRequired())
    return _go(reverse(f"accounts:password-{realm}"), request.headers.get("HX-Request") == "true")


def _ask_for_second_step(request: HttpRequest, realm: Realm) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return respond(request, SecondStepRequired())
    return _go(reverse(f"accounts:second-step-{realm}"), request.headers.get("HX-Request") == "true")


def is_fresh(request: HttpRequest, at: dt.datetime) -> bool:
    """Whether the password was typed in this session within the last ten minutes."""
    return bool(0 <= int(at.timestamp()) - request.session.get(FRESH_KEY, 0) < FRESH_SECONDS)


def _go(url: str, is_htmx: bool) -> HttpResponse:
    if is_htmx:
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
