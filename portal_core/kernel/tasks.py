"""Celery shells of the kernel. Tasks are wake-ups: whatever they would do is in the database, and beat sweeps."""

import threading

from celery import shared_task

from portal_core.kernel import audit, idempotency, outbox

BATCH = 500
_wanted = threading.Event()
_draining = threading.Lock()


@shared_task(name="kernel.drain_outbox")
def drain_outbox() -> int:
    """Hand due events to their handlers, then seal the audit lines written so far.

    One drain at a time per process: threads of one worker that drain together only stand in line for the same rows.
    """
    tried = 0
    _wanted.set()
    # Asked anew after each release: a wake-up that found the lock taken has set the flag and gone away.
    while _wanted.is_set() and _draining.acquire(blocking=False):
        try:
            _wanted.clear()
            while (batch := outbox.drain(BATCH)) == BATCH:
                tried += batch
            tried += batch
            outbox.count_dead()
            audit.seal()
        finally:
            _draining.release()
    return tried


@shared_task(name="kernel.seal_audit")
def seal_audit() -> int:
    return audit.seal()


@shared_task(name="kernel.purge")
def purge() -> int:
    """Remove done events and used idempotency keys older than 30 days."""
    return outbox.purge() + idempotency.purge()
