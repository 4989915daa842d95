"""What follows a publication. Each of these may run twice."""

import datetime as dt
import logging
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from portal_core import notify
from portal_core.kernel import outbox
from portal_core.kernel.realtime.push import push
from statuspage import access
from statuspage.actions import snapshots
from statuspage.actions.pages import LIVE_GROUP
from statuspage.actions.subscribers import answering
from statuspage.contracts import (
    ComponentChanged,
    IncidentPublished,
    ManageLinkRequested,
    SubscriberQuarantined,
    SubscriptionRequested,
    WebhookReady,
)
from statuspage.enums import EVENT_LABELS, ComponentStatus
from statuspage.models import IncidentUpdate, Subscriber
from statuspage.rules.addresses import Unreadable

logger = logging.getLogger(__name__)

NOT_AFTER = dt.timedelta(hours=2)  # older news is no news: the page has it, and nobody wants it in the morning


@outbox.handles(IncidentPublished)
def tell_subscribers(event: IncidentPublished) -> None:
    """One mail per update to each confirmed subscriber (SP-02); notify's unique key makes a second run harmless."""
    update = IncidentUpdate.objects.select_related("incident__page").filter(public_id=event.update_id).first()
    if update is None or not update.deliver_notifications:
        return
    notify.send_many(
        f"statuspage/incident_{event.kind}",
        cause=f"incident-update:{event.update_id}",
        context=_words(update),
        recipients=_recipients(update),
        not_after=event.at + NOT_AFTER,
    )


@outbox.handles(IncidentPublished)
def write_snapshot(event: IncidentPublished) -> None:
    _keep_promise()


@outbox.handles(ComponentChanged)
def write_snapshot_of_component(event: ComponentChanged) -> None:
    _keep_promise()


@outbox.handles(SubscriptionRequested)
def answer_subscription(event: SubscriptionRequested) -> None:
    answering.answer(event)


@outbox.handles(ManageLinkRequested)
def send_manage_link(event: ManageLinkRequested) -> None:
    answering.send_manage_link(event)


@outbox.handles(WebhookReady)
def tell_ready(event: WebhookReady) -> None:
    answering.tell_ready(event)


@outbox.handles(SubscriberQuarantined)
def tell_contact(event: SubscriberQuarantined) -> None:
    answering.tell_contact(event)


def gone(keys: frozenset[str]) -> Iterable[str]:
    """Of these recipients, those who unsubscribed since the mail was promised. Asked by notify right before sending."""
    ids = [key.partition(":")[2] for key in keys]
    still = Subscriber.objects.filter(public_id__in=ids).reachable().values_list("public_id", flat=True)
    return keys - {f"subscriber:{public_id}" for public_id in still}


def _keep_promise() -> None:
    """Write the snapshot if the process died right after commit; then nobody was told of it either."""
    if snapshots.write_pending():
        push(LIVE_GROUP, {"type": "status.changed", "snapshot": 0})


def _recipients(update: IncidentUpdate) -> Iterator[notify.Recipient]:
    members = list(update.incident.components.values_list("pk", flat=True))
    people = Subscriber.objects.filter(page_id=update.incident.page_id).reachable()
    if members:
        people = people.filter(Q(components=None) | Q(components__in=members)).distinct()
    for subscriber in people.order_by("pk").iterator(chunk_size=2000):
        try:
            email = subscriber.address
        except Unreadable:
            logger.error("a subscriber's address cannot be read with the present key", extra={"id": subscriber.pk})
            continue
        path = reverse("statuspage:unsubscribe", args=[access.manage_token(subscriber)])
        yield notify.Recipient(key=subscriber.key, email=email, unsubscribe_url=settings.PUBLIC_URL + path)


def _words(update: IncidentUpdate) -> dict[str, object]:
    incident, page = update.incident, update.incident.page
    with timezone.override(page.time_zone):
        at = timezone.localtime(update.display_at)
        when = f"{date_format(at, 'M j, H:i')} {at:%Z}"
    return {
        "page_name": page.name,
        "name": incident.name,
        "label": EVENT_LABELS[update.status],
        "body": update.body,
        "when": when,
        "url": settings.PUBLIC_URL + reverse("statuspage:incident", args=[incident.public_id]),
        "components": [
            {"name": row["name"], "label": ComponentStatus(row["new_status"]).label}
            for row in update.affected_components
        ],
    }
