from celery import shared_task

from statuspage.actions import drafts, journal, maintenances, promises, series, snapshots, subscribers


@shared_task(name="statuspage.refresh_snapshot")
def refresh_snapshot() -> bool:
    """Work in what was said while the database was away, write what a crash left unwritten, and keep the page's time
    fresh."""
    journal.work_in()
    return snapshots.refresh()


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
