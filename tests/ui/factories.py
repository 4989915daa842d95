"""Small stand-ins for what pages hand to the design system: requests with somebody at the door."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory


@dataclass
class Assignment:
    role: str

    def get_role_display(self) -> str:
        return self.role


@dataclass
class Someone:
    """Staff, as far as a page knows them."""

    name: str = "Olivia Moreno"
    public_id: str = "someone00001"
    permissions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ("Office staff",)
    asked: list[str] = field(default_factory=list)

    @property
    def assignments(self) -> list[Assignment]:
        return [Assignment(role) for role in self.roles]

    def may(self, permission: str) -> bool:
        self.asked.append(permission)
        return permission in self.permissions


def make_request(path: str = "/desk/", **people: Any) -> HttpRequest:
    request = RequestFactory().get(path)
    for name, person in people.items():
        setattr(request, name, person)
    return request


def draw(source: str, request: HttpRequest | None = None, **context: Any) -> str:
    """Render a template of `source`, with `{% load ui %}` before it."""
    return engines["django"].from_string("{% load ui %}" + source).render(context, request).strip()
