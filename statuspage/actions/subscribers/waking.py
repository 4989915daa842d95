"""Work of the background that should not wait for its next sweep."""

from functools import partial

from celery import current_app
from django.conf import settings
from django.db import transaction


def wake(task: str) -> None:
    """Ask for a run of this task after commit. A lost wake-up is repaired by the sweep."""
    if settings.OUTBOX_WAKE:
        transaction.on_commit(partial(current_app.send_task, task), robust=True)
