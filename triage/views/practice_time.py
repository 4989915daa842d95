"""The clock the desks show."""

import functools
import zoneinfo
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from django.http import HttpResponse
from django.utils import timezone

if TYPE_CHECKING:
    from portal_core.directory.guards import StaffRequest

P = ParamSpec("P")


def in_practice_time(
    view: "Callable[Concatenate[StaffRequest, P], HttpResponse]",
) -> "Callable[Concatenate[StaffRequest, P], HttpResponse]":
    """Show and read times on the practice's clock."""

    @functools.wraps(view)
    def shifted(request: "StaffRequest", /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        with timezone.override(zoneinfo.ZoneInfo(request.staff.practice.time_zone)):
            return view(request, *args, **kwargs)

    return shifted
