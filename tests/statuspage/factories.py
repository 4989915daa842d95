"""Short ways to the things this app's stories are about."""

import datetime as dt
import itertools

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent, OutboxMessage
from portal_core.notify.models import Delivery
from statuspage.actions import incidents, maintenances
from statuspage.contracts import IncidentSummary
from statuspage.models import Component, ComponentStateChange, IncidentUpdate, Page, Subscriber, vault
from statuspage.rules.addresses import Unreadable
from tests.statuspage.conftest import OMAR

_number = itertools.count(1)


def component(slug: str) -> Component:
    return Component.objects.get(slug=slug)


def declare(name: str = "Reset e-mails arrive late", *, key: str = "", by=OMAR, **components: str) -> IncidentSummary:
    """`declare(telehealth="major_outage", patient_portal="degraded_performance")`"""
    chosen = components or {"secure_message_e_mail": "partial_outage"}
    return incidents.declare(
        name=name,
        body="We are looking into it.",
        components={component(slug.replace("_", "-")).public_id: status for slug, status in chosen.items()},
        by=by,
        key=key or f"key-{next(_number)}",
    )


def subscriber(email: str = "", *, only: tuple[str, ...] = (), **fields: object) -> Subscriber:
    """Confirmed, unless fields say otherwise; `only` are component slugs."""
    email = email or f"reader{next(_number)}@example.test"
    now = clock.now()
    row = Subscriber.objects.create(
        page=Page.objects.get(),
        address_cipher=vault().seal(email),
        address_index=vault().index(email),
        **{"created_at": now, "confirmed_at": now, **fields},
    )
    row.components.set(Component.objects.filter(slug__in=only))
    return row


def mails() -> list[tuple[str, str, str]]:
    """(address, template, state) of every delivery so far, in order. The ledger holds no subscriber's address."""
    rows = Delivery.objects.order_by("pk").select_related("message")
    people = {person.key: person for person in Subscriber.objects.all()}
    return [
        (
            row.address or _address(people[row.recipient_key]),
            row.message.template.removeprefix("statuspage/"),
            row.state,
        )
        for row in rows
    ]


def _address(person: Subscriber) -> str:
    try:
        return person.address
    except Unreadable:
        return "unreadable"


def events(name: str = "statuspage.IncidentPublished") -> int:
    """How many different events of this name were published."""
    return OutboxMessage.objects.filter(event_name=name).values("event_id").distinct().count()


def audit_actions() -> list[str]:
    lines = AuditEvent.objects.exclude(action="status_page:set_up").order_by("pk")
    return list(lines.values_list("action", flat=True))


def published() -> list[tuple[str, str, bool]]:
    """(kind, status, mailed) of every message, oldest first."""
    return list(IncidentUpdate.objects.order_by("pk").values_list("kind", "status", "deliver_notifications"))


def intervals(slug: str) -> list[tuple[str, str]]:
    rows = ComponentStateChange.objects.filter(component=component(slug)).order_by("pk")
    assert rows.filter(ended_at=None).count() == 1
    return list(rows.values_list("new_status", "cause"))


def maintenance(**more: object) -> IncidentSummary:
    """Planned for the day after tomorrow."""
    start = clock.now() + dt.timedelta(days=2)
    values = {
        "name": "New phone lines", "body": "The lines are changed; calls may fail for a minute.",
        "component_ids": [component("ehr").public_id], "scheduled_for": start,
        "scheduled_until": start + dt.timedelta(hours=1), "by": OMAR, "key": "m1", **more,
    }  # fmt: skip
    return maintenances.schedule(**values)
