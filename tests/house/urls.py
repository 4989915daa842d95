"""Every address the product answers, found in the URL map, so that a new page cannot be forgotten."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver

STRANGE_ID = "0" * 20


@dataclass(frozen=True)
class Address:
    pattern: str
    path: str


def addresses() -> list[Address]:
    """All URL patterns with a path that names nothing that exists."""
    return sorted(_walk(get_resolver().url_patterns, ""), key=lambda address: address.pattern)


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Address]:
    for item in patterns:
        route = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from _walk(item.url_patterns, route)
        else:
            yield Address(pattern=route, path="/" + _fill(route))


def _fill(route: str) -> str:
    route = re.sub(r"<(?:int):[^>]+>", "999999", route)
    route = re.sub(r"<(?:[a-z_]+:)?[^>]+>", STRANGE_ID, route)
    return route.replace("^", "").replace("$", "").replace("\\", "")
