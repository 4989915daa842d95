"""Words prepared on a calm day."""

from collections.abc import Mapping

from django.db import transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from statuspage.actions import pages
from statuspage.enums import ALLOWED, ComponentStatus, EventKind, IncidentStatus, MaintenanceStatus
from statuspage.errors import ComponentUnknown, StatusUnknown, TemplateNotFound, TextMissing
from statuspage.models import Component, Page, Template
from statuspage.rules import templating

TITLE_MAX, NAME_MAX, BODY_MAX = 120, 255, 25_000


@transaction.atomic
def save(
    *,
    title: str,
    body: str,
    name: str = "",
    kind: str = EventKind.INCIDENT,
    status: str = IncidentStatus.INVESTIGATING,
    components: Mapping[str, str] | None = None,
    template_id: str = "",
    by: Actor,
) -> str:
    """Keep a template, new or changed; return its id. `name` and `body` may use the variables of `rules.templating`.

    Raises TemplateNotFound, TextMissing, VariableUnknown (it names the variable), StatusUnknown, ComponentUnknown.
    """
    title, name, body = " ".join(title.split()), " ".join(name.split()), body.replace("\0", "").strip()
    components = components or {}
    if not title or len(title) > TITLE_MAX or len(name) > NAME_MAX or not body or len(body) > BODY_MAX:
        raise TextMissing
    templating.check(name)
    templating.check(body)
    statuses = IncidentStatus.values if kind == EventKind.INCIDENT else MaintenanceStatus.values
    known = kind in EventKind.values and status in statuses and status in ALLOWED
    if not known or any(value not in ComponentStatus.values for value in components.values()):
        raise StatusUnknown
    now = clock.now()
    page = pages.locked_page()
    if Component.objects.filter(page=page, public_id__in=list(components), retired_at=None).count() != len(components):
        raise ComponentUnknown
    row = _for_change(page, template_id) if template_id else Template(page=page, created_at=now)
    row.title, row.name, row.body, row.kind, row.status = title, name, body, kind, status
    row.components, row.updated_at = dict(components), now
    row.save()
    audit.record("template:save", by=by, target=row, at=now)
    return str(row.public_id)


@transaction.atomic
def archive(*, template_id: str, by: Actor) -> None:
    """Take a template off the list. Doing it twice changes nothing. Raises TemplateNotFound."""
    now = clock.now()
    row = _for_change(pages.locked_page(), template_id)
    if row.archived_at is None:
        row.archived_at = now
        row.save(update_fields=["archived_at"])
        audit.record("template:archive", by=by, target=row, at=now)


def _for_change(page: Page, template_id: str) -> Template:
    row = Template.objects.select_for_update().filter(page=page, public_id=template_id).first()
    if row is None:
        raise TemplateNotFound
    return row
