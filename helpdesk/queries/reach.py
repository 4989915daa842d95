"""Which way a requester hears from us, if any."""

from dataclasses import dataclass

from helpdesk.enums import Channel, RequesterKind
from helpdesk.models import TextOptOut, Ticket
from helpdesk.queries.messages import reads_in_portal
from portal_core.notify.enums import Channel as Way
from portal_core.notify.rules.addresses import can_be_mailed
from portal_core.notify.transports import is_there


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Where letters about a ticket go: an address, else a number for texts, else neither. `on_file`: it is the
    patient's own, and not what the requester left; `portal`: they read it signed in."""

    email: str = ""
    phone: str = ""
    on_file: bool = False
    portal: bool = False

    @property
    def told(self) -> bool:
        """Whether anything can be sent to them."""
        return bool(self.email or self.phone)


def reachable(ticket: Ticket) -> Reach:
    """The requester's own address, else what the patient has on file. A number is texted only where they texted us from
    it or it is the patient's on file, nobody answered STOP from it, and there is a provider for texts: whoever left one
    to be called is called. A secure message is announced at what is on file today (PC-06). One query at most, besides
    the patient."""
    portal = reads_in_portal(ticket)
    if ticket.channel != Channel.MESSAGE:
        if can_be_mailed(ticket.requester_email):
            return Reach(email=ticket.requester_email, portal=portal)
        if ticket.channel == Channel.SMS:
            phone = _texted(ticket.requester_phone)
            if phone:
                return Reach(phone=phone, portal=portal)
    patient = ticket.patient if ticket.requester_kind == RequesterKind.PATIENT else None
    if patient is None:
        return Reach(portal=portal)
    if can_be_mailed(email := patient.email.strip()):
        return Reach(email=email, on_file=True, portal=portal)
    return Reach(phone=_texted(patient.sms_number), on_file=True, portal=portal)


def _texted(phone: str) -> str:
    if not phone or not is_there(Way.SMS) or TextOptOut.objects.filter(phone=phone).exists():
        return ""
    return phone
