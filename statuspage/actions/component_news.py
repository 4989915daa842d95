"""A part's change of state, for webhooks that want such changes as events of their own."""

import datetime as dt

from django.db import transaction
from django.db.models import BigIntegerField, CharField, DateTimeField, F, Value
from django.db.models.functions import Concat

from portal_core.kernel import clock
from portal_core.notify.actions import bulk
from statuspage import queries
from statuspage.actions import snapshots
from statuspage.actions.fan_out import is_told
from statuspage.actions.parting import NOT_AFTER
from statuspage.enums import Way
from statuspage.models import Component, IncidentUpdate
from statuspage.rules import webhook_payload


@transaction.atomic
def of_update(*, update_id: str) -> int:
    """What an update did to its parts; return how many deliveries were promised."""
    update = IncidentUpdate.objects.select_related("incident").filter(public_id=update_id).first()
    if update is None or not is_told(update):
        return 0
    return sum(
        promise(
            component_id=row["code"], old_status=row["old_status"], new_status=row["new_status"], at=update.created_at
        )
        for row in update.affected_components
        if row["old_status"] != row["new_status"]
    )


@transaction.atomic
def promise(*, component_id: str, old_status: str, new_status: str, at: dt.datetime) -> int:
    """Promise the event of one change to every webhook that follows the part; once, however often it is asked."""
    now = clock.now()
    component = Component.objects.select_related("page").filter(public_id=component_id).first()
    if component is None or old_status == new_status or at + NOT_AFTER <= now:
        return 0
    readers = queries.followers_of(component.page, component).filter(way=Way.WEBHOOK)
    if not readers.exists():
        return 0
    view = snapshots.view_at(now, 0)
    row = next((row for row in view.facts.components if row.id == component_id), None) if view is not None else None
    if view is None or row is None:
        return 0
    name = f"{component_id}-{int(at.timestamp() * 1000)}"
    event = webhook_payload.component(
        row, view, old_status=old_status, new_status=new_status, update_id=name, at=at
    )  # fmt: skip
    message = bulk.write(
        "statuspage/component_changed", cause=f"component:{name}", context={}, language="en", channels=(),
        payloads={str(Way.WEBHOOK): event},
    )  # fmt: skip
    rows = readers.annotate(
        recipient_key=Concat(Value("subscriber:"), F("public_id"), output_field=CharField()),
        channel=F("way"),
        message_id=Value(message, output_field=BigIntegerField()),
        first_state=Value("waiting", output_field=CharField()),
        reason=Value("", output_field=CharField()),
        available_at=Value(at, output_field=DateTimeField()),
        not_after=Value(at + NOT_AFTER, output_field=DateTimeField()),
    )
    return bulk.promise_query(rows, cause=f"component:{name}")
