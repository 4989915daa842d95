from celery import shared_task

from statuspage.actions import journal, snapshots


@shared_task(name="statuspage.refresh_snapshot")
def refresh_snapshot() -> bool:
    """Work in what was said while the database was away, write what a crash left unwritten, and keep the page's time
    fresh."""
    journal.work_in()
    return snapshots.refresh()
