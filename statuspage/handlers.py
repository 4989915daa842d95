"""What follows a publication. Each of these may run twice."""

import datetime as dt

from portal_core.kernel import outbox
from portal_core.kernel.realtime.push import push
from statuspage.actions import component_news, fan_out, snapshots
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

NOT_AFTER = dt.timedelta(hours=2)  # older news is no news: the page has it, and nobody wants it in the morning


@outbox.handles(IncidentPublished)
def tell_subscribers(event: IncidentPublished) -> None:
    """One delivery per update to each subscriber who wants it (SP-02); asked again it goes on where it was."""
    fan_out.begin(update_id=event.update_id, kind=event.kind, at=event.at)


@outbox.handles(IncidentPublished)
def tell_of_components(event: IncidentPublished) -> None:
    """The state changes of an incident's parts, to webhooks that want them as events of their own."""
    component_news.of_update(update_id=event.update_id)


@outbox.handles(ComponentChanged)
def tell_of_component(event: ComponentChanged) -> None:
    component_news.promise(
        component_id=event.component_id, old_status=event.old_status, new_status=event.new_status, at=event.at
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


def _keep_promise() -> None:
    """Write the snapshot if the process died right after commit; then nobody was told of it either."""
    if snapshots.write_pending():
        push(LIVE_GROUP, {"type": "status.changed", "snapshot": 0})
