"""What all pages of the console share: the sub-navigation and the way they are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse

from portal_core.directory.guards import StaffRequest

# (name of the page, its address, its single key); what is not installed is left out.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("Now", "statuspage:console", "1"),
    ("Incidents", "statuspage:console-incidents", "2"),
    ("Maintenance", "statuspage:console-maintenances", "3"),
    ("Components", "statuspage:console-components", "4"),
    ("Templates", "statuspage:console-templates", "5"),
    ("Subscribers", "statuspage:console-subscribers", "6"),
    ("Deliveries", "statuspage:console-deliveries", "7"),
    ("Audit", "statuspage:console-audit", "8"),
    ("Settings", "statuspage:console-settings", "9"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    url: str
    key: str
    current: bool


def tabs(path: str) -> list[Tab]:
    """The sub-navigation as seen from `path`; the page that fits it best is the current one."""
    known: list[tuple[str, str, str]] = []
    for title, name, key in PAGES:
        try:
            known.append((title, reverse(name), key))
        except NoReverseMatch:
            continue
    here = max((url for _title, url, _key in known if path.startswith(url)), key=len, default="")
    return [Tab(title, url, key, url == here) for title, url, key in known]


def page(
    request: StaffRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page of the console: `statuspage/console/<template>.html`."""
    return render(request, f"statuspage/console/{template}.html", dict(context or {}), status=status)


def part(request: StaffRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """A part of such a page, for htmx."""
    return render(request, f"statuspage/console/parts/{template}.html", context)
