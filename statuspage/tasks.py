from celery import shared_task

from statuspage.actions import snapshots


@shared_task(name="statuspage.refresh_snapshot")
def refresh_snapshot() -> bool:
    """Write what a crash left unwritten, and keep the page's time fresh."""
    return snapshots.refresh()
