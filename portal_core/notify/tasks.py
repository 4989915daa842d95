"""Celery shells. A task is only a wake-up: the promises are rows, and beat sweeps what a lost wake-up left."""

from celery import shared_task

from portal_core.notify import delivery


@shared_task(name="notify.deliver_due")
def deliver_due(line: str = "") -> int:
    """Send whatever is due in this line (empty: in all); returns how many deliveries were tried."""
    return delivery.deliver_due(line)
