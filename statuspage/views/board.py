"""The delivery board: how far each publication has come, whom it has not reached, and what can be done about it."""

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from portal_core.kernel.errors import Conflict, Invalid
from statuspage.actions import canary, fan_out
from statuspage.queries import board
from statuspage.views.console import frame

PAGE = 50
EXPORT_PAGE = 1000


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def deliveries(request: StaffRequest) -> HttpResponse:
    """The newest publications with their figures, what is held, and the canary."""
    now = clock.now()
    values = {"rows": board.board(now=now), "held": board.held(now=now), "canary": board.canary(now=now), "now": now}
    if request.headers.get("HX-Request") == "true":
        return frame.part(request, "deliveries", values)
    return frame.page(request, "deliveries", values)


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def delivery(request: StaffRequest, fan_out_id: str) -> HttpResponse:
    """One publication: its figures and who has not been reached."""
    now = clock.now()
    after = request.GET.get("after", "")
    rows = board.not_reached(fan_out_id, after=int(after) if after.isdecimal() else 0, limit=PAGE + 1)
    values = {
        "row": board.told(fan_out_id, now=now),
        "people": rows[:PAGE],
        "next": rows[PAGE - 1].number if len(rows) > PAGE else None,
        "after": after,
        "now": now,
    }
    return frame.page(request, "delivery", values)


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def unreached(request: StaffRequest, fan_out_id: str) -> StreamingHttpResponse:
    """Who has not been reached, as a file; audited. Addresses are masked here as everywhere but on the own page."""
    name = fan_out.note_export(fan_out_id=fan_out_id, by=request.actor)
    answer = StreamingHttpResponse(_lines(fan_out_id, request), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="not-reached-{name}.csv"'
    answer["Cache-Control"] = "no-store"
    return answer


class _Line:
    """What csv.writer writes to: hands each line on."""

    def write(self, line: str) -> str:
        return line


def _lines(fan_out_id: str, request: StaffRequest) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(["subscriber", "way", "address (masked)", "state", "reason"])
    after = 0
    while rows := board.not_reached(fan_out_id, after=after, limit=EXPORT_PAGE):
        for row in rows:
            yield writer.writerow([row.subscriber_id, row.way, row.address, row.label, row.code])
        after = rows[-1].number


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def decide(request: StaffRequest, fan_out_id: str, deed: str) -> HttpResponse:
    """Release, discard, take back, try again; each answers with what it did."""
    try:
        match deed:
            case "release":
                row = fan_out.release(fan_out_id=fan_out_id, by=request.actor)
                said = f"Released: {row.people} people are being told."
            case "discard":
                fan_out.discard(fan_out_id=fan_out_id, by=request.actor)
                said = "Nobody is told of it. The page shows it all the same."
            case "undo":
                stopped = fan_out.undo(fan_out_id=fan_out_id, by=request.actor)
                said = f"Stopped {stopped} messages. The update itself still stands on the page."
            case _:
                again = fan_out.try_again(fan_out_id=fan_out_id, by=request.actor)
                said = f"Trying again: {again} messages." if again else "There is nothing to try again."
    except Conflict as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("statuspage:console-delivery", fan_out_id=fan_out_id)


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def set_canary(request: StaffRequest) -> HttpResponse:
    """Choose the mailbox by which the way out is measured."""
    try:
        canary.set_up(address=request.POST.get("address", ""), by=request.actor)
    except Invalid as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, "The canary hears of every publication from now on.")
    return redirect("statuspage:console-deliveries")


urlpatterns = [
    path("desk/status/deliveries/", deliveries, name="console-deliveries"),
    path("desk/status/deliveries/canary/", set_canary, name="console-canary"),
    path("desk/status/deliveries/<str:fan_out_id>/", delivery, name="console-delivery"),
    path("desk/status/deliveries/<str:fan_out_id>/not-reached.csv", unreached, name="console-unreached"),
    *(
        path(
            f"desk/status/deliveries/<str:fan_out_id>/{deed}/", decide, {"deed": deed}, name=f"console-delivery-{deed}"
        )
        for deed in ("release", "discard", "undo", "retry")
    ),
]
