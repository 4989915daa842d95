"""What all pages of the console share: the way they are drawn."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from portal_core.directory.guards import StaffRequest


def page(
    request: StaffRequest, template: str, context: Mapping[str, Any] | None = None, *, status: int = 200
) -> HttpResponse:
    """A page of the console: `statuspage/console/<template>.html`."""
    return render(request, f"statuspage/console/{template}.html", dict(context or {}), status=status)


def part(request: StaffRequest, template: str, context: Mapping[str, Any]) -> HttpResponse:
    """A part of such a page, for htmx."""
    return render(request, f"statuspage/console/parts/{template}.html", context)
