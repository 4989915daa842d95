"""What came back from IT, by office and by code: the place where refusals teach (TR-06)."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel import clock
from triage.enums import RefusalCode
from triage.models import Escalation
from triage.views.practice_time import in_practice_time

DAYS: Final = 30
EXAMPLES: Final = 8
LESSONS: Final = {
    RefusalCode.NO_ATTESTATION: _("Verify the patient before you flag it: IT cannot. The button is on the ticket."),
    RefusalCode.PLAYBOOK_INCOMPLETE: _("Do the steps of this kind of request first; each stands on the ticket."),
    RefusalCode.NOT_IT: _("Look it up in “Who does what”: some kinds never go to IT."),
    RefusalCode.DUPLICATE_OF: _("Search first. What is new goes as a note to the flag IT has already."),
    RefusalCode.INCIDENT_KNOWN: _("Look at “What works now” first and link the ticket: nobody has to answer it then."),
    RefusalCode.MISSING_FIELD: _("Copy the exact words of the error, with page, time and device."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRow:
    """One office's last 30 days: flags sent, how many came back, and why, most frequent first."""

    name: str
    sent: int
    back: int
    codes: tuple[tuple[str, int], ...]  # (label, how many)

    @property
    def percent(self) -> int:
        return round(100 * self.back / self.sent) if self.sent else 0


@require_GET
@staff_page(Permission.OFFICE_DESK, Permission.IT_DESK)
@in_practice_time
def returned(request: StaffRequest) -> HttpResponse:
    """An office sees itself and its own tickets; IT sees every office, and counts alone."""
    staff, since = request.staff, clock.now() - dt.timedelta(days=DAYS)
    at_it = staff.may(Permission.IT_DESK)
    flags = (Escalation.objects.seen_by_it(staff) if at_it else Escalation.objects.seen_by_office(staff)).filter(
        created_at__gt=since
    )
    counts = list(flags.values_list("office_id", "office__name", "refusal").annotate(many=Count("pk")))
    recent = flags.exclude(refusal="").select_related("ticket", "office").order_by("-closed_at", "-pk")
    examples = [] if at_it else list(recent[:EXAMPLES])
    codes = {code: sum(many for _id, _name, refusal, many in counts if refusal == code) for code in RefusalCode}
    context = {
        "days": DAYS,
        "offices": _offices(counts),
        "lessons": [
            {"code": code, "many": codes[code], "lesson": LESSONS[code]}
            for code in sorted(RefusalCode, key=lambda code: -codes[code])
            if codes[code]
        ],
        "examples": examples,
        "at_it": at_it,
    }
    return render(request, "triage/returned.html", context)


def _offices(counts: list[tuple[int, str, str, int]]) -> list[OfficeRow]:
    """Worst first: by share, then by name."""
    rows = []
    for office_id, name in dict.fromkeys((office_id, name) for office_id, name, _code, _many in counts):
        mine = {refusal: many for one, _name, refusal, many in counts if one == office_id}
        back = sorted(((code, many) for code, many in mine.items() if code), key=lambda pair: (-pair[1], pair[0]))
        rows.append(
            OfficeRow(
                name=name,
                sent=sum(mine.values()),
                back=sum(many for _code, many in back),
                codes=tuple((str(RefusalCode(code).label), many) for code, many in back),
            )
        )
    return sorted(rows, key=lambda row: (-row.percent, row.name))
