"""What an operator may do about deliveries that were given up."""

from collections.abc import Collection

from django.db import transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.notify.actions.messages import wake
from portal_core.notify.enums import DeliveryState
from portal_core.notify.models import Delivery


@transaction.atomic
def try_again(*, public_ids: Collection[str], by: Actor) -> int:
    """Give failed and dead deliveries another round of attempts; return how many. Others are left as they are."""
    now = clock.now()
    moved: int = Delivery.objects.filter(public_id__in=public_ids).move(
        DeliveryState.WAITING, available_at=now, attempts=0, failed_at=None, last_error=""
    )
    if moved:
        audit.record("delivery:try-again", by=by, at=now, count=moved)
        wake()
    return moved
