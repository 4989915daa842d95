"""Figures for Prometheus. Gauges are read from the database at scrape time, so any process tells the same."""

from collections.abc import Iterator

from django.apps import apps
from django.db.models import Count, Model
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from portal_core.kernel.models import AuditEvent, OutboxMessage


class DatabaseFigures(Collector):
    """Counts that tell whether work gets done; no label ever holds anything about a person."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        outbox = GaugeMetricFamily("lantern_outbox_messages", "Outbox messages not done, by state", labels=["state"])
        outbox.add_metric(["waiting"], OutboxMessage.objects.filter(done_at=None, dead_at=None).count())
        outbox.add_metric(["dead"], OutboxMessage.objects.filter(dead_at__isnull=False).count())
        yield outbox
        yield GaugeMetricFamily(
            "lantern_audit_unsealed_lines",
            "Audit lines not yet in their chain",
            value=AuditEvent.objects.filter(sequence=None).count(),
        )
        yield _by_state("notify", "Delivery", "lantern_deliveries", "Deliveries by state")


def _by_state(app: str, model: str, name: str, says: str) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, says, labels=["state"])
    rows: type[Model] = apps.get_model(app, model)
    for state, count in rows._default_manager.order_by().values_list("state").annotate(count=Count("pk")):
        gauge.add_metric([str(state)], count)
    return gauge


def render() -> tuple[bytes, str]:
    """The metrics page and its content type."""
    registry = CollectorRegistry()
    registry.register(DatabaseFigures())
    return generate_latest(registry), CONTENT_TYPE_LATEST
