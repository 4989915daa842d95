"""What every page may know without asking: the product's name and who is signed in."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject

PRODUCT = "Lantern"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, in words for the top bar. `side` is "staff", "patient" or "" for nobody."""

    side: str = ""
    key: str = ""  # tells one person from the next at the same screen; says nothing else
    name: str = ""
    role: str = ""
    sign_out_url: str = ""
    security_url: str = ""
    keep_url: str = ""  # a POST there says "I am still here"
    idle_seconds: int = 0  # after so long without one the session ends

    def __bool__(self) -> bool:
        return bool(self.side)


def ui(request: HttpRequest) -> dict[str, Any]:
    """Context processor. `ui.person` is computed only on pages that show it: public pages ask no session for it."""
    return {
        "ui": {
            "product": PRODUCT,
            "demo": settings.DEMO,
            "person": SimpleLazyObject(lambda: person_of(request)),
        }
    }


def person_of(request: HttpRequest) -> Person:
    """The signed-in person of this request, staff before patient; a falsy Person for nobody."""
    staff = getattr(request, "staff", None)
    if staff is not None:
        return _person("staff", staff.public_id, str(staff.name), role_of(staff))
    acting = getattr(request, "acting", None)
    if acting is not None:
        return _person("patient", acting.actor.id, str(acting.name), "")
    patient = getattr(request, "patient", None)
    if patient is not None:
        return _person("patient", patient.public_id, str(patient.name), "")
    return Person()


def _person(side: str, key: str, name: str, role: str) -> Person:
    return Person(
        side=side,
        key=key,
        name=name,
        role=role,
        sign_out_url=address_of(f"accounts:sign-out-{side}"),
        security_url=address_of(f"accounts:security-{side}"),
        keep_url=address_of(f"accounts:session-{side}"),
        idle_seconds=settings.SESSION_IDLE_SECONDS[side],
    )


def role_of(staff: Any) -> str:
    """`Office staff, Scheduler`: the roles within the hat worn; each named once."""
    return ", ".join(dict.fromkeys(str(row.get_role_display()) for row in staff.assignments))


def address_of(url_name: str) -> str:
    """The path of a named page, or "" where no such page is installed."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""
