"""Figures for Prometheus. Gauges are read from the database at scrape time, so any process tells the same."""

from collections.abc import Iterator

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from portal_core.kernel import audit, clock, outbox
from portal_core.notify import queries as deliveries
from statuspage.queries import board as status_board
from statuspage.snapshot import export, journal, memory


class DatabaseFigures(Collector):
    """Counts that tell whether work gets done; no label ever holds anything about a person."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        events = GaugeMetricFamily("lantern_outbox_messages", "Outbox messages not done, by state", labels=["state"])
        events.add_metric(["waiting"], outbox.count_waiting())
        events.add_metric(["dead"], outbox.count_dead())
        yield events
        yield GaugeMetricFamily(
            "lantern_audit_unsealed_lines",
            "Audit lines not yet in their chain",
            value=audit.count_unsealed(),
        )
        promised = GaugeMetricFamily("lantern_deliveries", "Deliveries by state", labels=["state"])
        for state, count in deliveries.delivery_counts().items():
            promised.add_metric([str(state)], count)
        yield promised
        oldest = deliveries.oldest_waiting(due_by=clock.now())
        yield GaugeMetricFamily(
            "lantern_deliveries_oldest_seconds",
            "How long the oldest delivery that is due has waited to be sent",
            value=(clock.now() - oldest).total_seconds() if oldest is not None else 0,
        )
        bird = status_board.canary(now=clock.now())
        seconds = bird.waiting_seconds if bird.waiting_seconds is not None else bird.seconds
        if seconds is not None:
            yield GaugeMetricFamily(
                "lantern_status_canary_seconds", "From publishing to sending, to our own mailbox", value=seconds
            )
        yield GaugeMetricFamily(
            "lantern_status_fan_outs_held",
            "Publications nobody is told of until somebody decides",
            value=len(status_board.held(now=clock.now())),
        )


class StatusPageFigures(Collector):
    """How old the published page and its copy are, and what waits in the journal; read from files."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        loaded = memory.current()
        if loaded is not None:
            yield GaugeMetricFamily(
                "lantern_status_snapshot_age_seconds",
                "Since the status page was last written",
                value=(clock.now() - loaded.written_at).total_seconds(),
            )
        entries, outcomes = journal.read()
        said = GaugeMetricFamily("lantern_status_journal_entries", "Said while the database was away", labels=["state"])
        said.add_metric(["waiting"], sum(entry.id not in outcomes for entry in entries))
        said.add_metric(["refused"], sum(bool(outcome.refusal) for outcome in outcomes.values()))
        yield said
        if not settings.STATUS_EXPORT:
            return
        copy = export.state()
        yield GaugeMetricFamily(
            "lantern_status_export_failures", "Failed copies of the status page in a row", value=copy.failures
        )
        if (age := copy.age()) is not None:
            yield GaugeMetricFamily(
                "lantern_status_export_age_seconds", "Since the last good copy", value=age.total_seconds()
            )


def render() -> tuple[bytes, str]:
    """The metrics page and its content type."""
    registry = CollectorRegistry()
    registry.register(StatusPageFigures())
    registry.register(DatabaseFigures())
    return generate_latest(registry), CONTENT_TYPE_LATEST
