"""Celery shells of the support desk. A lost run is made up for by the next one."""

from celery import shared_task

from portal_core.kernel.contracts import SYSTEM
from triage.actions import ended_checks


@shared_task(name="triage.end_checks")
def end_checks() -> int:
    """End identity checks that nobody finished; return how many."""
    return ended_checks.end_long_ones(by=SYSTEM)
