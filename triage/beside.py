"""What this room keeps beside a ticket or a flag, asked for in as few queries as a page can do with.

A ticket's page shows fifteen kinds of small things, most of which most tickets do not have. Whether they are there is
asked in the query that reads the ticket (`expressions`, `of`); what people at a desk keep for themselves and for each
other comes in one more (`kept`).
"""

import datetime as dt
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast

from helpdesk.enums import Side
from portal_core.access import queries as portal
from portal_core.kernel.there import there_is
from triage.enums import AttemptOutcome
from triage.models import (
    CannedReply,
    Draft,
    Mention,
    PlaybookStep,
    RoutingVersion,
    SavedView,
    VerificationAttempt,
    VerificationCode,
    VerificationHold,
    VerificationLetter,
)
from triage.rules.edits import Table, table
from triage.rules.table import ROUTES

if TYPE_CHECKING:
    from helpdesk.models import Ticket
    from portal_core.access.contracts import PortalStatus
    from portal_core.directory.models import Staff

DAY, HOUR = dt.timedelta(hours=24), dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What there is to ask for beside one ticket.

    `checked`: a check on it, or one on its patient within a day; `coded`: one in which a code was sent; `held`: its
    patient's checks are on hold; `letter`: when the letter went out whose code would still count; `alarmed`: checks
    failed in the practice within the hour, or holds were opened; `tried`: the patient asked for help at the sign-in
    page; `last`: when they last signed in.
    """

    table: Table
    checked: bool
    coded: bool
    held: bool
    letter: dt.datetime | None
    alarmed: bool
    portal: "PortalStatus | None"
    tried: bool
    last: dt.datetime | None


def expressions(now: dt.datetime) -> dict[str, Any]:
    """For the query that reads one ticket; `of` reads them off the row. Each is one look into an index."""
    attempts = VerificationAttempt.objects
    lately = attempts.filter(
        patient__practice=OuterRef("practice"), outcome=AttemptOutcome.FAILED, ended_at__gt=now - HOUR
    )
    opened = VerificationHold.objects.filter(patient__practice=OuterRef("practice"), opened_at__gt=now - HOUR)
    versions = RoutingVersion.objects.filter(practice=OuterRef("practice")).order_by("-number")
    letters = VerificationLetter.objects.filter(
        patient=OuterRef("patient"), used_at=None, void_at=None, expires_at__gt=now
    )
    held = "own.patient_id = its.patient_id AND own.released_at IS NULL"
    return {
        "beside_edits": Subquery(versions.values("edits")[:1]),
        "beside_checked": there_is("triage.VerificationAttempt", "own.ticket_id = its.id", of="helpdesk.Ticket"),
        "beside_today": Exists(attempts.filter(patient=OuterRef("patient"), started_at__gt=now - DAY)),
        "beside_coded": Exists(VerificationCode.objects.filter(attempt__ticket=OuterRef("pk"))),
        "beside_held": there_is("triage.VerificationHold", held, of="helpdesk.Ticket"),
        "beside_letter": Subquery(letters.values("sent_at")[:1]),
        "beside_failed": Exists(lately),
        "beside_opened": Exists(opened),
        **portal.portal_beside("helpdesk.Ticket"),
    }


def of(ticket: "Ticket") -> Beside:
    """Of a row that was read with `expressions`; no query."""
    known, patient, status = vars(ticket), ticket.patient, None
    if patient is not None:
        patient.portal_enabled, patient.portal_accessed = known["portal_enabled"], known["portal_accessed"]  # type: ignore[attr-defined]
        status = portal.status_of_annotated(patient)
    edits = known["beside_edits"]
    return Beside(
        table=table(edits) if edits is not None else ROUTES,
        checked=known["beside_checked"] or known["beside_today"],
        coded=known["beside_coded"],
        held=known["beside_held"],
        letter=known["beside_letter"],
        alarmed=known["beside_failed"] or known["beside_opened"],
        portal=status,
        tried=known["portal_tried"],
        last=known["portal_last"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What people at a desk keep: saved filters, notes that name one and were not looked at (keys of tickets), what
    was begun to write about one ticket or flag (kind → text), the prepared answers that fit it, and the steps its
    office has done."""

    views: list[SavedView] = field(default_factory=list)
    mentioned: set[int] = field(default_factory=set)
    drafts: dict[str, str] = field(default_factory=dict)
    canned: list[CannedReply] = field(default_factory=list)
    steps: set[str] = field(default_factory=set)


def kept(
    staff: "Staff", *, ticket: "Ticket | None" = None, about: str = "", side: Side = Side.OFFICE, lists: bool = True
) -> Kept:
    """One query. With a `ticket`, or the public id `about` which something is written, also what concerns that;
    `lists`: also the filters and the notes, which belong to the list beside it."""
    parts: list[QuerySet[Any, Any]] = []
    if lists:
        views = SavedView.objects.filter(staff=staff)
        parts.append(_part("view", views, "public_id", "name", Cast("wanted", TextField())))
        unseen = Mention.objects.filter(staff=staff, seen_at=None)
        parts.append(_part("mention", unseen, Cast("ticket_id", CharField())))
    about = ticket.public_id if ticket is not None else about
    if about:
        parts.append(_part("draft", Draft.objects.filter(staff=staff, about=about), "kind", "body"))
        ready = CannedReply.objects.filter(practice_id=staff.practice_id, side=side)
        ready = ready.filter(Q(office=None) | Q(office=ticket.office_id if ticket is not None else None))
        parts.append(_part("canned", ready, "public_id", "title", "body"))
    if ticket is not None:
        parts.append(_part("step", PlaybookStep.objects.filter(ticket=ticket), "step"))
    if not parts:
        return Kept()
    first, *others = parts
    found = Kept()
    for kind, one, two, three in first.union(*others, all=True) if others else first:
        match kind:
            case "view":
                found.views.append(SavedView(public_id=one, name=two, wanted=json.loads(three)))
            case "mention":
                found.mentioned.add(int(one))
            case "draft":
                found.drafts[one] = two
            case "canned":
                found.canned.append(CannedReply(public_id=one, title=two, body=three))
            case _:
                found.steps.add(one)
    found.views.sort(key=lambda row: row.name)
    found.canned.sort(key=lambda row: row.title)
    return found


def _part(kind: str, rows: "QuerySet[Any]", *columns: Any) -> "QuerySet[Any, Any]":
    """(kind, one, two, three): what is short of three is filled with empty texts, so that the parts can be joined."""
    named = [F(column) if isinstance(column, str) else column for column in columns]
    blank = [Value("", output_field=TextField())] * (3 - len(named))
    values = [Value(kind, output_field=TextField()), *(Cast(one, TextField()) for one in named), *blank]
    return rows.order_by().values_list(*values)
