"""The doors to one object. Incidents are public; guarded is who changes them and whose subscription it is."""

from django.conf import settings
from django.core import signing
from django.utils.crypto import salted_hmac

from statuspage.enums import Way
from statuspage.errors import IncidentNotFound, LinkInvalid, SubscriberNotFound
from statuspage.models import Incident, Page, Subscriber, indexes_of, vault

CONFIRM_SECONDS = 7 * 24 * 3600
_CONFIRM, _MANAGE = "statuspage.confirm", "statuspage.manage"
_HANDLE, _CALENDAR = "statuspage.handle", "statuspage.calendar"


def incident_for_change(page: Page, public_id: str, kind: str) -> Incident:
    """The event under its row lock. The caller holds the page's lock and is a status operator or a machine."""
    incident = Incident.objects.select_for_update().filter(page=page, public_id=public_id, kind=kind).first()
    if incident is None:
        raise IncidentNotFound
    return incident


def ways_open() -> tuple[Way, ...]:
    """The ways by which this installation can reach anybody. The demo shows what would have left in its mailbox."""
    open_ways = [Way.EMAIL]
    if settings.TWILIO_ACCOUNT_SID or settings.DEMO:
        open_ways += [Way.SMS, Way.VOICE]
    if settings.OUTBOUND_POSTS or settings.DEMO:
        open_ways += [Way.WEBHOOK, Way.SLACK, Way.TEAMS]
    if settings.VAPID_PRIVATE_KEY:
        open_ways.append(Way.PUSH)
    return tuple(open_ways)


def confirm_token(subscriber: Subscriber) -> str:
    """A signed link that proves who reads what goes to this address; valid for a week.

    Where a contact confirms for a machine, the link is that contact's: somebody else who is named later gets another.
    """
    return signing.TimestampSigner(salt=_CONFIRM).sign(_confirmed_by(subscriber))


def manage_token(subscriber: Subscriber) -> str:
    """A signed link to one's own subscription. It never expires: an old mail must still be able to unsubscribe."""
    return signing.Signer(salt=_MANAGE).sign(subscriber.public_id)


def calendar_token(subscriber: Subscriber) -> str:
    """A signed link to the maintenances of one subscription, for calendar programs. It opens nothing else."""
    return signing.Signer(salt=_CALENDAR).sign(subscriber.public_id)


def handle_of(way: str, address: str) -> str:
    """What stands for a typed address on the next page. Made of the address alone, so it is the same whether we know
    the address or not, today and in a month; it opens nothing without the code that is sent there."""
    return signing.Signer(salt=_HANDLE).sign(f"{way}.{indexes_of(way, address)[0]}")


def code_of(public_id: str, asked_at: str) -> str:
    """Six digits for whoever reads what goes to this number; they change with the moment they were asked for."""
    digest = salted_hmac("statuspage.code", f"{public_id}:{asked_at}", algorithm="sha256").digest()
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"


def subscriber_by_confirm_token(token: str) -> Subscriber:
    try:
        value = signing.TimestampSigner(salt=_CONFIRM).unsign(token, max_age=CONFIRM_SECONDS)
    except signing.BadSignature as error:
        raise LinkInvalid from error
    subscriber = _subscriber(value.partition(".")[0])
    if _confirmed_by(subscriber) != value:
        raise LinkInvalid
    return subscriber


def subscriber_by_manage_token(token: str) -> Subscriber:
    return _subscriber(_signed(token, _MANAGE))


def subscriber_by_calendar_token(token: str) -> Subscriber:
    return _subscriber(_signed(token, _CALENDAR))


def is_manage_token(token: str) -> bool:
    """Whether we signed this, even if the subscription is long gone."""
    try:
        return bool(_signed(token, _MANAGE))
    except LinkInvalid:
        return False


def way_of_handle(handle: str) -> str:
    """By which way the code of this handle was sent. Raises LinkInvalid."""
    return _signed(handle, _HANDLE).partition(".")[0]


def subscriber_by_handle(handle: str) -> Subscriber | None:
    """The row a typed address led to; None when there is none. Raises LinkInvalid for what we did not sign."""
    way, _, index = _signed(handle, _HANDLE).partition(".")
    return Subscriber.objects.filter(way=way, address_index=index).first()


def subscriber_for_staff(public_id: str) -> Subscriber:
    """For members with STATUS_PUBLISH, asked at the page's door. Raises SubscriberNotFound."""
    subscriber = Subscriber.objects.select_related("page", "incident").filter(public_id=public_id).first()
    if subscriber is None:
        raise SubscriberNotFound
    return subscriber


def pending_contact(subscriber: Subscriber) -> str:
    """The e-mail address that is asked to confirm for a machine; "" where nobody is. Raises Unreadable."""
    sealed = subscriber.asked.get("contact", "") or subscriber.contact_cipher
    return vault().open(sealed) if sealed else ""


def _confirmed_by(subscriber: Subscriber) -> str:
    if subscriber.way != Way.WEBHOOK:
        return str(subscriber.public_id)
    return f"{subscriber.public_id}.{salted_hmac('statuspage.contact', pending_contact(subscriber)).hexdigest()[:16]}"


def _signed(token: str, salt: str) -> str:
    try:
        return signing.Signer(salt=salt).unsign(token)
    except signing.BadSignature as error:
        raise LinkInvalid from error


def _subscriber(public_id: str) -> Subscriber:
    subscriber = Subscriber.objects.select_related("page").filter(public_id=public_id).first()
    if subscriber is None:
        raise LinkInvalid
    return subscriber
