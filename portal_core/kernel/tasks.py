"""Celery shells of the kernel. Tasks are wake-ups: whatever they would do is in the database, and beat sweeps."""

from celery import shared_task

from portal_core.kernel import audit, outbox


@shared_task(name="kernel.drain_outbox")
def drain_outbox() -> int:
    """Hand due events to their handlers, then seal the audit lines written so far."""
    tried = outbox.drain()
    audit.seal()
    return tried


@shared_task(name="kernel.seal_audit")
def seal_audit() -> int:
    return audit.seal()
