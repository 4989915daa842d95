"""Short ways to the things this app's stories are about."""

import datetime as dt
import itertools

import factory

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent, OutboxMessage
from portal_core.notify.models import Delivery
from statuspage.actions import incidents, maintenances
from statuspage.contracts import IncidentSummary
from statuspage.enums import (
    OVER,
    Audience,
    ComponentStatus,
    DraftState,
    EntryPointKind,
    EventKind,
    FanOutState,
    ImportState,
    IncidentStatus,
    MaintenanceStatus,
    PublicationKind,
    StateCause,
)
from statuspage.models import (
    AudienceText,
    Component,
    ComponentGroup,
    ComponentStateChange,
    Draft,
    EntryPoint,
    FanOut,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    MaintenanceSeries,
    Measurement,
    Page,
    Postmortem,
    Snapshot,
    Subscriber,
    SubscriberImport,
    SubscriberImportPart,
    Template,
    UpdateRevision,
    vault,
)
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
    address = email or f"reader{next(_number)}@example.test"
    row = SubscriberFactory(page=Page.objects.get(), address=address, **fields)
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
    lines = AuditEvent.objects.exclude(action__in=["status_page:set_up", "fan_out:complete"]).order_by("pk")
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


# --- rows as the actions leave them, where a story needs no more than the row -----------------------------------------
class PageFactory(factory.django.DjangoModelFactory):
    """The one page of an installation, without parts."""

    class Meta:
        model = Page
        django_get_or_create = ("slug",)

    slug = "main"
    name = "Larkfield"
    url = "http://testserver/status/"
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")


class ComponentGroupFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ComponentGroup

    page = factory.SubFactory(PageFactory)
    name = factory.Sequence("Group {}".format)
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")


class ComponentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Component

    page = factory.SubFactory(PageFactory)
    name = factory.Sequence("Part {}".format)
    slug = factory.Sequence("part-{}".format)
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")


class ComponentStateChangeFactory(factory.django.DjangoModelFactory):
    """The state a part has been in since it was made."""

    class Meta:
        model = ComponentStateChange

    component = factory.SubFactory(ComponentFactory)
    old_status = factory.SelfAttribute("component.status")
    new_status = factory.SelfAttribute("component.status")
    cause = StateCause.MANUAL
    started_at = factory.SelfAttribute("component.created_at")


class EntryPointFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EntryPoint

    component = factory.SubFactory(ComponentFactory)
    kind = EntryPointKind.PHONE
    title = "Call us"
    target = "+12175550101"


class MeasurementFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Measurement

    component = factory.SubFactory(ComponentFactory)
    taken_at = factory.LazyFunction(clock.now)
    milliseconds = 120


class SnapshotFactory(factory.django.DjangoModelFactory):
    """Promised, not written yet."""

    class Meta:
        model = Snapshot

    page = factory.SubFactory(PageFactory)
    cause = "test"
    created_at = factory.LazyFunction(clock.now)


class IncidentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Incident

    page = factory.SubFactory(PageFactory)
    name = "Reset e-mails arrive late"
    status = IncidentStatus.INVESTIGATING
    created_at = factory.LazyFunction(clock.now)
    started_at = factory.SelfAttribute("created_at")
    updated_at = factory.SelfAttribute("created_at")
    resolved_at = factory.LazyAttribute(lambda row: row.created_at if row.status in OVER else None)


class MaintenanceFactory(IncidentFactory):
    """Planned for tomorrow, an hour long."""

    kind = EventKind.MAINTENANCE
    name = "New phone lines"
    status = MaintenanceStatus.SCHEDULED
    scheduled_for = factory.LazyAttribute(lambda row: row.created_at + dt.timedelta(days=1))
    scheduled_until = factory.LazyAttribute(lambda row: row.scheduled_for + dt.timedelta(hours=1))


class MaintenanceSeriesFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MaintenanceSeries

    page = factory.SubFactory(PageFactory)
    name = "Nightly backup"
    body = "The record may be slow."
    rule = "FREQ=WEEKLY"
    first_at = factory.LazyAttribute(lambda row: row.created_at + dt.timedelta(days=1))
    minutes = 60
    created_at = factory.LazyFunction(clock.now)


class PostmortemFactory(factory.django.DjangoModelFactory):
    """Begun, not published."""

    class Meta:
        model = Postmortem

    incident = factory.SubFactory(IncidentFactory, status=IncidentStatus.RESOLVED)
    body = "A queue was full."
    updated_at = factory.LazyFunction(clock.now)


class IncidentComponentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IncidentComponent

    incident = factory.SubFactory(IncidentFactory)
    component = factory.SubFactory(ComponentFactory)
    status = ComponentStatus.PARTIAL_OUTAGE


class IncidentUpdateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = IncidentUpdate

    incident = factory.SubFactory(IncidentFactory)
    kind = PublicationKind.CREATED
    status = factory.SelfAttribute("incident.status")
    body = "We are looking into it."
    created_at = factory.LazyFunction(clock.now)
    display_at = factory.SelfAttribute("created_at")


class UpdateRevisionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = UpdateRevision

    update = factory.SubFactory(IncidentUpdateFactory)
    body = "We are loking into it."
    edited_at = factory.LazyFunction(clock.now)
    by_label = "Omar Staff"


class AudienceTextFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = AudienceText

    update = factory.SubFactory(IncidentUpdateFactory)
    audience = Audience.STAFF
    body = "Write appointments down."


class FanOutFactory(factory.django.DjangoModelFactory):
    """Everybody was told, and there was nobody."""

    class Meta:
        model = FanOut

    update = factory.SubFactory(IncidentUpdateFactory)
    incident = factory.SelfAttribute("update.incident")
    kind = factory.SelfAttribute("update.kind")
    state = FanOutState.DONE
    published_at = factory.SelfAttribute("update.created_at")
    last = 0
    created_at = factory.SelfAttribute("update.created_at")


class TemplateFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Template

    page = factory.SubFactory(PageFactory)
    title = factory.Sequence("Template {}".format)
    body = "We are looking into it."
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")


class DraftFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Draft

    page = factory.SubFactory(PageFactory)
    content = factory.LazyFunction(lambda: {"name": "Slow sign-in"})
    state = DraftState.DRAFT
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")
    by_id = "omar"
    by_label = "Omar Staff"


class SubscriberFactory(factory.django.DjangoModelFactory):
    """Confirmed, by e-mail, and wants all incidents and maintenances."""

    class Meta:
        model = Subscriber
        exclude = ("address",)

    address = factory.Sequence("reader{}@readers.test".format)
    page = factory.SubFactory(PageFactory)
    address_cipher = factory.LazyAttribute(lambda row: vault().seal(row.address))
    address_index = factory.LazyAttribute(lambda row: vault().index(row.address))
    created_at = factory.LazyFunction(clock.now)
    confirmed_at = factory.SelfAttribute("created_at")


class SubscriberImportFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SubscriberImport

    page = factory.SubFactory(PageFactory)
    state = ImportState.PREVIEWED
    consent = "Asked on paper"
    by_label = "Omar Staff"
    created_at = factory.LazyFunction(clock.now)


class SubscriberImportPartFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SubscriberImportPart

    of = factory.SubFactory(SubscriberImportFactory)
    number = 1
    rows_cipher = factory.LazyFunction(lambda: vault().seal("[]"))
    rows = 0
