"""The only doors to one ticket: as staff at a desk, or as the one who holds its link."""

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core import signing
from django.db.models import Exists, OuterRef, Q

from helpdesk.enums import CallOutcome, Channel, FileSender, Hanging, RequesterKind, Side, Visibility
from helpdesk.errors import CallNotFound, FileNotFound, MailNotFound, TicketNotFound
from helpdesk.models import (
    Attachment,
    InboundMail,
    PhoneCall,
    Ticket,
    TicketUndo,
    VoicemailAudio,
)
from helpdesk.rules.turn import LINK_LIVES_AFTER_CLOSE
from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from portal_core.kernel.there import there_is

if TYPE_CHECKING:
    from portal_core.directory.models import Patient, Staff

_signer = signing.Signer(salt="helpdesk.ticket", sep=".")


def seen_by(staff: "Staff") -> Q:
    """Tickets this person may open, as a condition.

    An office desk: the tickets of its offices that belong to the office. IT: those of providers and staff, and of
    patients only where the practice opened its support line (C5, C6); a patient's ticket reaches IT as a flag.
    """
    mine = Q(pk__in=[])
    if staff.may(Permission.OFFICE_DESK):
        offices = staff.offices_for(Permission.OFFICE_DESK)
        mine |= Q(side=Side.OFFICE) if offices is None else Q(side=Side.OFFICE, office_id__in=offices)
    if staff.may(Permission.IT_DESK):
        mine |= Q(side=Side.IT)
    return Q(practice_id=staff.practice_id) & mine


def ticket_for(staff: "Staff", public_id: str, *, whole: bool = False, also: Mapping[str, Any] | None = None) -> Ticket:
    """Raises TicketNotFound for everybody the ticket does not concern. One query.

    `whole`, for the page that shows all of it: `ticket.hanging` tells what else there is to ask for. `also`: more
    expressions to annotate the row with, about what the room of the caller keeps beside a ticket.
    """
    rows = Ticket.objects.filter(seen_by(staff), public_id=public_id)
    hanging = {f"hanging_{kind}": found for kind, found in _hanging(staff).items()} if whole else {}
    ticket = (
        rows.annotate(**hanging, **(also or {}))
        .select_related("office", "practice", "owner", "patient", "merged_into")
        .first()
    )
    if ticket is None:
        raise TicketNotFound
    if whole:
        ticket.hanging = frozenset(kind for kind in Hanging if getattr(ticket, f"hanging_{kind}"))
    return ticket


def _hanging(staff: "Staff") -> dict[Hanging, Any]:
    """Each is one look into an index; what is not there is not asked for again."""
    undo = TicketUndo.objects.filter(by_id=staff.public_id, until__gt=clock.now(), undone_at=None)
    talks = PhoneCall.objects.filter(ticket__patient=OuterRef("patient"), outcome=CallOutcome.TALKED)
    there = {
        kind: there_is(f"helpdesk.{model}", where, of="helpdesk.Ticket") for kind, (model, where) in _THERE.items()
    }
    return {**there, Hanging.TALKS: Exists(talks), Hanging.UNDO: Exists(undo)}


_OF = "own.ticket_id = its.id"
_THERE = {
    Hanging.JOINED: ("Ticket", "own.merged_into_id = its.id"),
    Hanging.LINKS: ("TicketLink", "(own.ticket_id = its.id OR own.other_id = its.id)"),
    Hanging.RATINGS: ("TicketRating", _OF),
    Hanging.FILES: ("Attachment", _OF),
    Hanging.MAILS: ("InboundMail", _OF),
    Hanging.TEXTS: ("InboundText", _OF),
    Hanging.CALLS: ("PhoneCall", _OF),
    Hanging.BEFORE: (
        "Ticket",
        "own.patient_id = its.patient_id AND own.side = its.side AND own.owner_id IS NOT NULL AND own.id <> its.id",
    ),
}


def calls_at(staff: "Staff", side: Side) -> Q:
    """Calls of the line for a desk of this person, as a condition. One that reached no desk (`side` empty) is for the
    office its number leads to."""
    mine = Q(practice_id=staff.practice_id, side=side)
    if side == Side.IT:
        return mine if staff.may(Permission.IT_DESK) else Q(pk__in=[])
    if not staff.may(Permission.OFFICE_DESK):
        return Q(pk__in=[])
    mine = Q(practice_id=staff.practice_id, side__in=[Side.OFFICE, ""])
    offices = staff.offices_for(Permission.OFFICE_DESK)
    return mine if offices is None else mine & Q(office_id__in=offices)


def unwritten_call_for(staff: "Staff", public_id: str, *, side: Side = Side.OFFICE) -> PhoneCall:
    """A call that one of this person's desks answered, and that may have to be written down. Raises CallNotFound."""
    return _call_at(staff, public_id, side, CallOutcome.TALKED)


def missed_call_for(staff: "Staff", public_id: str, *, side: Side) -> PhoneCall:
    """A call that reached nobody, for the desk it was meant for. Raises CallNotFound."""
    return _call_at(staff, public_id, side, CallOutcome.HUNG_UP)


def _call_at(staff: "Staff", public_id: str, side: Side, outcome: CallOutcome) -> PhoneCall:
    rows = PhoneCall.objects.filter(calls_at(staff, side), public_id=public_id, outcome=outcome)
    call = rows.select_related("office").first()
    if call is None:
        raise CallNotFound
    return call


def ticket_by_reference(staff: "Staff", reference: str) -> Ticket:
    """The ticket with the number people say on the phone, however it was typed. Raises TicketNotFound."""
    letters = "".join(one for one in reference.upper() if one.isalnum())
    ticket = (
        Ticket.objects.filter(seen_by(staff), reference=f"{letters[:4]}-{letters[4:]}")
        .select_related("office", "practice", "owner", "patient", "merged_into")
        .first()
    )
    if ticket is None:
        raise TicketNotFound
    return ticket


def line_call(public_id: str, *, sid: str) -> PhoneCall:
    """A call of the line, for the provider that carries it: the address and the request must name the same one.
    Raises CallNotFound."""
    rows = PhoneCall.objects.filter(public_id=public_id, sid=sid) if sid else PhoneCall.objects.none()
    call = rows.select_related("practice", "office__practice").first()
    if call is None:
        raise CallNotFound
    return call


def line_call_by_sid(sid: str) -> PhoneCall | None:
    """The call the provider knows by this id; None when it is none of ours."""
    return PhoneCall.objects.filter(sid=sid).first() if sid else None


def voicemail_for(staff: "Staff", public_id: str) -> tuple[PhoneCall, VoicemailAudio]:
    """The sound of a message, for whoever may open its ticket. Raises CallNotFound, TicketNotFound."""
    audio = VoicemailAudio.objects.filter(call__public_id=public_id).select_related("call__ticket").first()
    if audio is None or audio.call.ticket is None:
        raise CallNotFound
    ticket_for(staff, audio.call.ticket.public_id)
    return audio.call, audio


def ticket_token(ticket: Ticket) -> str:
    """The unguessable part of a requester's link. Nothing in it but the ticket's opaque id and a signature."""
    return _signer.sign(ticket.public_id)


def ticket_by_token(token: str) -> Ticket:
    """Raises TicketNotFound for a forged link, 60 days after the ticket was closed, and for secure messages: those are
    read behind the patient's sign-in, whoever holds a link."""
    try:
        public_id = _signer.unsign(token)
    except signing.BadSignature:
        raise TicketNotFound from None
    rows = Ticket.objects.select_related("office__practice", "practice", "merged_into")
    ticket = rows.filter(public_id=public_id).exclude(channel=Channel.MESSAGE).first()
    if ticket is None:
        raise TicketNotFound
    if ticket.closed_at is not None and ticket.closed_at + LINK_LIVES_AFTER_CLOSE < clock.now():
        raise TicketNotFound
    return ticket


def ticket_of_patient(patient: "Patient", public_id: str) -> Ticket:
    """A signed-in patient's own request to their office, whichever way it came in. Raises TicketNotFound."""
    rows = Ticket.objects.filter(patient=patient, requester_kind=RequesterKind.PATIENT, side=Side.OFFICE)
    ticket = rows.filter(public_id=public_id).select_related("office__practice", "practice", "merged_into").first()
    if ticket is None:
        raise TicketNotFound
    return ticket


def left(now: dt.datetime, path: str = "") -> Q:
    """Messages that have left: what may still be taken back within ten seconds is not there yet."""
    return Q(**{f"{path}held_until": None}) | Q(**{f"{path}held_until__lte": now})


def file_of_patient(patient: "Patient", public_id: str, *, own: bool) -> Attachment:
    """A file this patient may know of: of the office, once its message has left; with `own` also what they sent
    themselves. Raises FileNotFound."""
    out = left(clock.now(), "message__")
    rows = Attachment.objects.filter(out, patient=patient, message__visibility=Visibility.PATIENT)
    if not own:
        rows = rows.filter(sender=FileSender.OFFICE)
    found = rows.filter(public_id=public_id).defer("data").first()
    if found is None:
        raise FileNotFound
    return found


def mails_seen_by(staff: "Staff") -> Q:
    """E-mails that stand on no ticket: the office desks they were addressed to, and nobody else."""
    if not staff.may(Permission.OFFICE_DESK):
        return Q(pk__in=[])
    offices = staff.offices_for(Permission.OFFICE_DESK)
    mine = Q(practice_id=staff.practice_id)
    return mine if offices is None else mine & (Q(office_id__in=offices) | Q(office=None))


def mail_for(staff: "Staff", public_id: str) -> InboundMail:
    """An e-mail as it came: on a ticket for whoever may open that, else for the desk it is held at. Raises
    MailNotFound, TicketNotFound."""
    mail = InboundMail.objects.filter(public_id=public_id).select_related("office", "practice", "ticket").first()
    if mail is None:
        raise MailNotFound
    if mail.ticket is not None:
        ticket_for(staff, mail.ticket.public_id)
    elif not InboundMail.objects.filter(mails_seen_by(staff), pk=mail.pk).exists():
        raise MailNotFound
    return mail


def file_for(staff: "Staff", public_id: str) -> Attachment:
    """A file somebody sent, for whoever may open its ticket. Raises FileNotFound, TicketNotFound."""
    found = Attachment.objects.filter(public_id=public_id).select_related("ticket").first()
    if found is None:
        raise FileNotFound
    ticket_for(staff, found.ticket.public_id)
    return found
