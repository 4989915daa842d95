"""What was learned: written while it is fresh, published when it is ready."""

from django.db import transaction

from portal_core.kernel import audit, clock, idempotency
from portal_core.kernel.contracts import Actor
from statuspage import access, queries
from statuspage.actions import pages, publication
from statuspage.contracts import IncidentSummary
from statuspage.enums import OVER, EventKind, IncidentStatus, PublicationKind
from statuspage.errors import PostmortemMissing, PostmortemPublished, PostmortemTooEarly
from statuspage.models import Postmortem, UpdateRevision

BODY_MAX = 100_000


@transaction.atomic
def save(*, incident_id: str, body: str, by: Actor) -> None:
    """Keep the postmortem of an incident, resolved or not. A draft is shown to nobody; a published one changes at once
    for readers, says when it was edited, and nobody is mailed. Raises IncidentNotFound, TextMissing (a published one
    cannot become empty), VariableOpen."""
    now = clock.now()
    page = pages.locked_page()
    incident = access.incident_for_change(page, incident_id, EventKind.INCIDENT)
    row = Postmortem.objects.select_for_update().filter(incident=incident).first()
    published = row is not None and row.published_at is not None
    body = publication.words(body, most=BODY_MAX) if published or body.strip() else ""
    if row is not None and row.body == body:
        return
    row = row or Postmortem(incident=incident)
    row.body, row.updated_at, row.updated_by = body, now, by.label[:120]
    row.save()
    audit.record("postmortem:save", by=by, target=incident, at=now, published=published)
    if published:
        update = incident.updates.filter(kind=PublicationKind.POSTMORTEM).first()
        if update is not None:
            UpdateRevision.objects.create(
                update=update, body=_fitting(body), edited_at=now, by_label=by.label[:120]
            )  # fmt: skip
        pages.publish_state(page, cause=f"postmortem:{incident_id}", at=now)
    publication.push_changed(incident)


@transaction.atomic
def publish(*, incident_id: str, deliver: bool, by: Actor, key: str) -> IncidentSummary:
    """Show the postmortem; subscribers are told if `deliver`. The incident goes to the state "postmortem".

    Once: the same key lands on the first press, another one gets PostmortemPublished. Raises IncidentNotFound,
    PostmortemTooEarly, PostmortemMissing.
    """

    def deed() -> str:
        now = clock.now()
        page = pages.locked_page()
        incident = access.incident_for_change(page, incident_id, EventKind.INCIDENT)
        if incident.status not in OVER:
            raise PostmortemTooEarly
        row = Postmortem.objects.select_for_update().filter(incident=incident).first()
        if row is None or not row.body:
            raise PostmortemMissing
        if row.published_at is not None:
            raise PostmortemPublished
        row.published_at, row.notified = now, deliver
        row.save(update_fields=["published_at", "notified"])
        incident.move(IncidentStatus.POSTMORTEM, at=now)
        audit.record("postmortem:publish", by=by, target=incident, at=now, deliver=deliver)
        publication.publish(
            page, incident, PublicationKind.POSTMORTEM, _fitting(row.body), publication.members_as_they_are(incident),
            by=by, at=now, deliver=deliver,
        )  # fmt: skip
        return incident_id

    return queries.incident(idempotency.once("statuspage.postmortem", key, deed, of=incident_id))


def _fitting(body: str) -> str:
    """As much of it as a message holds, whole paragraphs; the page has all of it."""
    if len(body) <= publication.BODY_MAX:
        return body
    return body[: publication.BODY_MAX].rpartition("\n\n")[0] or body[: publication.BODY_MAX]
