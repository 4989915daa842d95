"""Who may open a view. What has none of these marks is closed to the anonymous; a house test lists them all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal_core.directory.contracts import Acting
from portal_core.directory.enums import Permission
from portal_core.directory.models import Patient, Staff
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Forbidden

P = ParamSpec("P")
R = TypeVar("R", bound=HttpResponseBase)
V = TypeVar("V", bound=Callable[..., Any])


class PublicRequest(HttpRequest):
    """What a public view sees. `staff` and `patient` are always None there: public paths have no session."""

    staff: Staff | None
    patient: Patient | None
    actor: Actor


class StaffRequest(HttpRequest):
    """What a view under `staff_page` sees."""

    staff: Staff
    patient: None
    actor: Actor


class PatientRequest(HttpRequest):
    """What a view under `patient_page` sees. The patient comes from the session, never from the request's values."""

    staff: None
    patient: Patient
    actor: Actor
    acting: Acting | None


def public_page(view: V) -> V:
    """Open to everybody, signed in or not."""
    view.public_page = True  # type: ignore[attr-defined]
    view.login_required = False  # type: ignore[attr-defined]
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def patient_page(
    view: Callable[Concatenate[PatientRequest, P], R],
) -> Callable[Concatenate[HttpRequest, P], R]:
    """For signed-in patients only, and for those who act for them where the view says so (`for_proxies`). Raises
    Forbidden for a patient-realm user without a patient record."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
        if getattr(request, "patient", None) is None or not may_act(request, getattr(view, "proxy_scope", None)):
            raise Forbidden
        return view(cast(PatientRequest, request), *args, **kwargs)

    guarded.guard = "patient"  # type: ignore[attr-defined]
    return guarded


def for_proxies(scope: str = "") -> Callable[[V], V]:
    """Under `patient_page`: also for somebody who acts for the patient and was given `scope`; with none named, for
    every proxy. Views without this mark are the patient's own."""

    def decorate(view: V) -> V:
        view.proxy_scope = scope  # type: ignore[attr-defined]
        return view

    return decorate


def may_act(request: HttpRequest, scope: str | None) -> bool:
    """Whether who sits here is the patient, or somebody who was given `scope` (None: nobody is)."""
    acting: Acting | None = getattr(request, "acting", None)
    return acting is None or (scope is not None and (not scope or scope in acting.scopes))


def staff_page(
    *permissions: Permission,
) -> Callable[[Callable[Concatenate[StaffRequest, P], R]], Callable[Concatenate[HttpRequest, P], R]]:
    """For staff who hold at least one of `permissions` in the hat they wear; with none named, for all staff."""

    def decorate(view: Callable[Concatenate[StaffRequest, P], R]) -> Callable[Concatenate[HttpRequest, P], R]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not may_any(getattr(request, "staff", None), permissions):
                raise Forbidden
            return view(cast(StaffRequest, request), *args, **kwargs)

        guarded.guard = "staff"  # type: ignore[attr-defined]
        guarded.permissions = permissions  # type: ignore[attr-defined]
        return guarded

    return decorate


def may_any(staff: Staff | None, permissions: tuple[Permission, ...]) -> bool:
    return staff is not None and (not permissions or any(staff.may(one) for one in permissions))


def staff_api(*permissions: Permission) -> type[BasePermission]:
    """The same for API views: `permission_classes = [staff_api(Permission.IT_DESK)]`."""

    class StaffMay(BasePermission):
        def has_permission(self, request: Request, view: Any) -> bool:
            return may_any(getattr(request._request, "staff", None), permissions)

    return StaffMay


class PatientApi(BasePermission):
    """`permission_classes = [PatientApi]`: signed-in patients."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return getattr(request._request, "patient", None) is not None and may_act(request._request, None)
