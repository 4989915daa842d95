"""The doors to one object. Incidents are public; guarded is who changes them and whose subscription it is."""

from django.core import signing

from statuspage.errors import IncidentNotFound, LinkInvalid
from statuspage.models import Incident, Page, Subscriber

CONFIRM_SECONDS = 7 * 24 * 3600
_CONFIRM, _MANAGE = "statuspage.confirm", "statuspage.manage"


def incident_for_change(page: Page, public_id: str) -> Incident:
    """The incident under its row lock. The caller holds the page's lock and is a status operator or a machine."""
    incident = Incident.objects.select_for_update().filter(page=page, public_id=public_id).first()
    if incident is None:
        raise IncidentNotFound
    return incident


def confirm_token(subscriber: Subscriber) -> str:
    """A signed link that proves who reads the mailbox; valid for a week."""
    return signing.TimestampSigner(salt=_CONFIRM).sign(subscriber.public_id)


def manage_token(subscriber: Subscriber) -> str:
    """A signed link to one's own subscription. It never expires: an old mail must still be able to unsubscribe."""
    return signing.Signer(salt=_MANAGE).sign(subscriber.public_id)


def subscriber_by_confirm_token(token: str) -> Subscriber:
    try:
        public_id = signing.TimestampSigner(salt=_CONFIRM).unsign(token, max_age=CONFIRM_SECONDS)
    except signing.BadSignature as error:
        raise LinkInvalid from error
    return _subscriber(public_id)


def subscriber_by_manage_token(token: str) -> Subscriber:
    try:
        public_id = signing.Signer(salt=_MANAGE).unsign(token)
    except signing.BadSignature as error:
        raise LinkInvalid from error
    return _subscriber(public_id)


def _subscriber(public_id: str) -> Subscriber:
    subscriber = Subscriber.objects.filter(public_id=public_id).first()
    if subscriber is None:
        raise LinkInvalid
    return subscriber
