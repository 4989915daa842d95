from celery import shared_task
from django.conf import settings

from statuspage.actions import (
    digests,
    drafts,
    journal,
    maintenances,
    measurements,
    probing,
    promises,
    series,
    snapshots,
    subscribers,
)
from statuspage.actions import (
    fan_out as fan_outs,
)
from statuspage.snapshot import export, shared, store


@shared_task(name="statuspage.refresh_snapshot")
def refresh_snapshot() -> bool:
    """Work in what was said while the database was away, write what a crash left unwritten, keep the page's time
    fresh, and drop old snapshots."""
    journal.work_in()
    shared.announce()
    written = snapshots.refresh()
    store.prune()
    return written


@shared_task(name="statuspage.challenge_webhooks")
def challenge_webhooks() -> int:
    """Ask new webhooks to echo; sends by HTTP, outside of any transaction."""
    return subscribers.challenge_due()


@shared_task(name="statuspage.import_subscribers")
def import_subscribers() -> int:
    """Go on with the lists that are being taken over."""
    return subscribers.import_due()


@shared_task(name="statuspage.purge_subscribers")
def purge_subscribers() -> int:
    """Forget addresses whose time is over."""
    return subscribers.purge_due()


@shared_task(name="statuspage.keep_time")
def keep_time() -> int:
    """Do what the clock asks for: begin and complete maintenances, remind of them, publish drafts, ask for overdue
    news. Three queries while nothing is due."""
    return maintenances.run_due() + drafts.publish_due() + promises.nudge_due()


@shared_task(name="statuspage.make_ahead")
def make_ahead() -> int:
    """Make the next occurrences of recurring maintenances."""
    return series.make_ahead()


@shared_task(name="statuspage.fan_out")
def fan_out() -> int:
    """Go on with what subscribers are owed."""
    return fan_outs.go_on()


@shared_task(name="statuspage.send_digests")
def send_digests() -> int:
    """Sum up for those who heard enough within the hour."""
    return digests.send_due()


@shared_task(name="statuspage.settle_fan_outs")
def settle_fan_outs() -> int:
    """Note the end figures of what has been told."""
    return fan_outs.settle()


@shared_task(name="statuspage.export_snapshot")
def export_snapshot() -> bool:
    """Copy the page to STATUS_EXPORT when it changed; True when a copy was made."""
    return bool(settings.STATUS_EXPORT) and export.keep_up(settings.STATUS_EXPORT) is not None


@shared_task(name="statuspage.probe_entry_points")
def probe_entry_points() -> int:
    """Ask the other ways whether they work, and forget old response times."""
    measurements.prune()
    return probing.run()
