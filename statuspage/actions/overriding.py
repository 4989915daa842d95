"""What was published in spite of the honesty check stands in the ledger: which findings, and the reason chosen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.db import transaction

from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor
from statuspage.errors import IncidentNotFound
from statuspage.models import Incident, MaintenanceSeries

if TYPE_CHECKING:
    from django.db.models import Model


@transaction.atomic
def note(*, incident_id: str = "", series_id: str = "", codes: Sequence[str], reason: str, by: Actor) -> None:
    """Write down that an event, or a whole series, was published over these findings; nothing without any.

    `codes` of the findings that stop, `reason` a code of `OVERRIDE_REASONS`. Raises IncidentNotFound.
    """
    if not codes:
        return
    target = (
        MaintenanceSeries.objects.filter(public_id=series_id).first()
        if series_id
        else Incident.objects.filter(public_id=incident_id).first()
    )
    if target is None:
        raise IncidentNotFound
    record(target=target, codes=codes, reason=reason, by=by)


def record(*, target: "Model | None", codes: Sequence[str], reason: str, by: Actor) -> None:
    """The same of a row in hand, in the transaction that publishes it."""
    if codes:
        audit.record("incident:check_overridden", by=by, target=target, codes=list(codes), reason=reason)
