"""What follows events that concern whoever keeps the service running. Each of these may run twice."""

import datetime as dt

from django.conf import settings
from django.urls import reverse

from portal_core import notify
from portal_core.directory.enums import Permission
from portal_core.directory.queries import staff_with
from portal_core.kernel import outbox
from statuspage import queries
from statuspage.contracts import UpdateOverdue
from statuspage.enums import EventKind, Overdue

NOT_AFTER = dt.timedelta(hours=1)


@outbox.handles(UpdateOverdue)
def ask_for_news(event: UpdateOverdue) -> None:
    """One mail per overdue moment to each status operator, so that no reader waits for a promise nobody remembers."""
    incident = queries.incident(event.incident_id)
    page = "console-maintenance" if incident.kind == EventKind.MAINTENANCE else "console-incident"
    notify.send_many(
        "ops/update_overdue",
        cause=f"update-overdue:{event.incident_id}:{event.due_at.isoformat()}",
        context={
            "name": incident.name,
            "reason": Overdue(event.reason).label,
            "link": settings.PUBLIC_URL + reverse(f"statuspage:{page}", args=[incident.id]),
        },
        recipients=[
            notify.Recipient(key=f"staff:{person.public_id}", email=person.email)
            for person in staff_with(Permission.STATUS_PUBLISH)
            if person.email
        ],
        not_after=event.at + NOT_AFTER,
    )
