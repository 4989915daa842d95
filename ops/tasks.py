from celery import shared_task

from ops import probes, workflows
from portal_core.kernel import clock
from statuspage.actions import measurements


@shared_task(name="ops.probe")
def probe() -> int:
    """Ask our own parts, keep how long they took, and do what follows from it."""
    taken = probes.run()
    measurements.record(taken, at=clock.now())
    return workflows.look_after(list(taken))
