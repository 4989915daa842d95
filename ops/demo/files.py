"""A conversation with files in the demo: pat asked for a summary of a visit, and the desk sent it."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from helpdesk.actions import tickets
from helpdesk.actions.received_files import received
from helpdesk.contracts import Intake
from helpdesk.enums import Category, Channel, RequesterKind
from helpdesk.queries import sent_to
from ops.demo import people
from portal_core.kernel import clock

if TYPE_CHECKING:
    from portal_core.directory.models import Practice

ASKED = "Could you send me the summary of my last visit? My new dentist wants to see it."
SENT = "Here it is, with a note on how to get ready for the next one. Tell us if something is missing."
NOTE = b"Before your next visit\n\n- Bring your insurance card and what you take.\n- Come ten minutes early.\n"


@transaction.atomic
def create(practice: "Practice") -> None:
    """Once: a second run finds the files."""
    pat, olivia, now = people.patient("pat"), people.staff("olivia"), clock.now()
    if sent_to(pat).exists():
        return
    intake = Intake(
        requester_kind=RequesterKind.PATIENT, category=Category.FORM, channel=Channel.PORTAL, body=ASKED,
        name=pat.name, email=pat.email, phone=pat.phone,
    )  # fmt: skip
    with clock.at(now - dt.timedelta(hours=20)):
        ticket = tickets.open_from_portal(patient=pat, intake=intake, by=pat.actor)
    with clock.at(now - dt.timedelta(hours=19)):
        tickets.take(ticket=ticket, staff=olivia, by=olivia.actor)
        files = (received("Summary of your visit.pdf", page("Summary of your visit", "Larkfield Health Group")),
                 received("Before your next visit.txt", NOTE))  # fmt: skip
        tickets.reply(ticket=ticket, body=SENT, files=files, by=olivia.actor)


def page(*lines: str) -> bytes:
    """A PDF of one page with these lines of plain ASCII."""
    words = " T* ".join(f"({line}) Tj" for line in lines).encode("ascii")
    text = b"BT /F1 20 Tf 72 700 Td 32 TL " + words + b" ET"
    parts = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    written, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(written))
        written += b"%d 0 obj" % number + part + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, len(written))
    return written + head + table + end
