"""Celery shells. A task is only a wake-up: the promises are rows, and beat sweeps what a lost wake-up left."""

from celery import shared_task

from portal_core.notify import delivery
from portal_core.notify.actions import retention


@shared_task(name="notify.deliver_due")
def deliver_due(line: str = "") -> int:
    """Send whatever is due in this line (empty: in all); returns how many deliveries were tried."""
    return delivery.deliver_due(line)


@shared_task(name="notify.forget_old")
def forget_old() -> int:
    """Delete deliveries and messages whose time is over."""
    return retention.forget_old()
