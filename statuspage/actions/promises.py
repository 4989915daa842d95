"""Asking staff for news when readers wait too long."""

import datetime as dt
import logging

from django.db import transaction
from django.db.models import Q

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.realtime.push import push
from statuspage.actions import pages
from statuspage.contracts import UpdateOverdue
from statuspage.enums import UNDERWAY, UNRESOLVED, UPCOMING
from statuspage.models import Incident
from statuspage.rules import promise
from statuspage.rules.promise import Waiting

logger = logging.getLogger(__name__)


def nudge_due() -> int:
    """Ask for what is overdue: a promised update, any update for hours, a maintenance that should have begun or ended.
    One nudge per reason and moment, however often and by how many workers this runs. Returns how many."""
    now, done = clock.now(), 0
    waiting = Incident.objects.filter(
        Q(status__in=[*UNRESOLVED, *UNDERWAY]) | Q(status__in=UPCOMING, scheduled_for__lte=now)
    ).order_by("pk")
    for incident in waiting:
        if promise.overdue(_waiting(incident), now) is None:
            continue
        try:
            done += _nudge(incident.pk, now)
        except Exception:
            logger.exception("staff could not be asked for news", extra={"id": incident.public_id})
    return done


@transaction.atomic
def _nudge(pk: int, now: dt.datetime) -> int:
    pages.locked_page()
    incident = Incident.objects.select_for_update().get(pk=pk)
    nudge = promise.overdue(_waiting(incident), now)  # again, under the lock: somebody may have posted or asked
    if nudge is None:
        return 0
    incident.next_update_nudged_at = now
    incident.save(update_fields=["next_update_nudged_at"])
    audit.record("incident:nudge", by=SYSTEM, target=incident, at=now, reason=str(nudge.reason))
    outbox.publish(UpdateOverdue(incident_id=incident.public_id, reason=str(nudge.reason), due_at=nudge.due_at, at=now))
    push(pages.CONSOLE_GROUP, {"type": "event.overdue", "id": incident.public_id})
    return 1


def _waiting(incident: Incident) -> Waiting:
    return Waiting(
        status=incident.status,
        updated_at=incident.updated_at,
        promised_at=incident.next_update_at,
        nudged_at=incident.next_update_nudged_at,
        scheduled_for=incident.scheduled_for,
        scheduled_until=incident.scheduled_until,
    )
