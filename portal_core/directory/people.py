"""Who is at the door: `request.staff`, `request.patient`, `request.actor`, and the same on a WebSocket's scope."""

from collections.abc import Awaitable, Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from channels.db import database_sync_to_async
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from portal_core.accounts.sessions import COOKIES, ENROL_KEY, is_open, realm_of, user_of_session
from portal_core.accounts.sign_in import socket_group
from portal_core.directory.contracts import Acting
from portal_core.directory.enums import Hat
from portal_core.directory.errors import HatRequired
from portal_core.directory.models import Patient, RoleAssignment, Staff
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind, Realm
from portal_core.kernel.http.errors import respond

HAT_KEY = "hat"
ACTING_KEY = "acting_for"
UNCHOSEN = "unchosen"  # matches no assignment: somebody with two hats may do nothing until one is chosen
VISITOR = Actor(kind=ActorKind.REQUESTER, id="visitor", label="Visitor")


class PeopleMiddleware:
    """Loads the one person of the path's realm: at most two queries for staff (person, roles), one for a patient."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        staff: Staff | None = None
        patient: Patient | None = None
        acting: Acting | None = None
        realm: Realm = request.realm  # type: ignore[attr-defined]
        if realm is not Realm.PUBLIC and request.user.is_authenticated:
            if realm is Realm.STAFF:
                token = getattr(request, "api_token", None)
                chosen = {HAT_KEY: token.hat} if token is not None else request.session
                staff = staff_of_user(request.user.pk, chosen)
            else:
                patient = patient_of_user(request.user.pk)
                if patient is None and (acting := acting_of_user(request.user.pk, request.session)) is not None:
                    patient = acting.patient
        request.acting = acting  # type: ignore[attr-defined]
        request.staff, request.patient, request.actor = staff, patient, actor(staff, patient)  # type: ignore[attr-defined]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Somebody with two hats chooses one before anything else opens (design.md section 7)."""
        staff: Staff | None = request.staff  # type: ignore[attr-defined]
        if staff is None or staff.hat != UNCHOSEN or is_open(view_func):
            return None
        if getattr(view_func, "before_hat", False) or getattr(view_func, "before_password_change", False):
            return None
        if request.path_info.startswith("/api/"):
            return respond(request, HatRequired())
        url = reverse("directory:hat")
        if request.headers.get("HX-Request") == "true":
            return HttpResponse(headers={"HX-Redirect": url})
        return HttpResponseRedirect(url)


def staff_of_user(user_id: int, session: Mapping[str, Any] | Any) -> Staff | None:
    """The active staff member behind a user, wearing the session's hat."""
    roles = Prefetch("role_assignments", RoleAssignment.objects.select_related("office"))
    rows = Staff.objects.select_related("practice").prefetch_related(roles)
    staff = rows.filter(user_id=user_id, is_active=True).first()
    if staff is not None:
        staff.hat = hat_of(staff, session.get(HAT_KEY, ""))
    return staff


def hat_of(staff: Staff, chosen: str) -> str:
    """The only hat there is, or the one chosen among two; UNCHOSEN while that has not happened."""
    hats = staff.hats
    if len(hats) == 1:
        return next(iter(hats))
    if not hats:
        return Hat.PRACTICE
    return chosen if chosen in hats else UNCHOSEN


def patient_of_user(user_id: int) -> Patient | None:
    rows = Patient.objects.select_related("practice", "home_office", "home_office__practice")
    return rows.filter(user_id=user_id, deceased=False).first()


ActingLookup = Callable[[int, str], Acting | None]
_acting: list[ActingLookup] = []


def acting_lookup(callback: ActingLookup) -> ActingLookup:
    """Say whom a user without a patient record acts for: `callback(user_id, chosen)`, with what was chosen in this
    session (`access` does)."""
    if callback not in _acting:
        _acting.append(callback)
    return callback


def acting_of_user(user_id: int, session: Mapping[str, Any] | Any) -> Acting | None:
    """Whom this user acts for, with the actor already put on the patient's row."""
    for lookup in _acting:
        found = lookup(user_id, session.get(ACTING_KEY, ""))
        if found is not None:
            found.patient.acted_by = found.actor
            return found
    return None


def actor(staff: Staff | None, patient: Patient | None) -> Actor:
    if staff is not None:
        return staff.actor
    return patient.actor if patient is not None else VISITOR


Scope = dict[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


def people_for_websocket(app: App) -> App:
    """ASGI middleware: scope["staff"], scope["patient"], scope["actor"] from the cookie of the path's realm."""

    async def wrapped(scope: Scope, receive: Any, send: Any) -> None:
        staff, patient, group = None, None, ""
        realm = realm_of(scope.get("path", ""))
        key = _cookie(scope, COOKIES[realm]) if realm is not Realm.PUBLIC else ""
        if key:
            staff, patient, group = await database_sync_to_async(_people)(realm, key, scope.get("path", ""))
        scope = {
            **scope, "staff": staff, "patient": patient, "actor": actor(staff, patient), "session_group": group,
        }  # fmt: skip
        await app(scope, receive, send)

    return wrapped


def _people(realm: Realm, key: str, path: str) -> tuple[Staff | None, Patient | None, str]:
    found = user_of_session(realm, key, clock.now())
    if found is None or found[0].must_change_password or found[1].get(ENROL_KEY):
        return None, None, ""
    user, session = found
    if realm is Realm.STAFF:
        staff = staff_of_user(user.pk, session)
        return (staff if staff is not None and staff.hat != UNCHOSEN else None), None, socket_group(user)
    patient = patient_of_user(user.pk)
    if patient is None and (acting := acting_of_user(user.pk, session)) is not None:
        patient = acting.patient if path.startswith(acting_sockets(acting.scopes)) else None
    return None, patient, socket_group(user)


def acting_sockets(scopes: frozenset[str]) -> tuple[str, ...]:
    """The sockets a proxy may open: one tree for each thing they were given (`/ws/portal/telehealth/`)."""
    return tuple(f"/ws/portal/{scope}/" for scope in sorted(scopes))


def _cookie(scope: Scope, name: str) -> str:
    for header, value in scope.get("headers", []):
        if header == b"cookie":
            try:
                jar = SimpleCookie(value.decode("latin-1"))
            except CookieError:
                continue
            if name in jar:
                return jar[name].value
    return ""
