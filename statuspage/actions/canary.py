"""The canary: a mailbox of our own among the subscribers, by which the way out is measured."""

from django.db import transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from statuspage.actions import pages
from statuspage.enums import Way
from statuspage.errors import AddressUnusable
from statuspage.models import Subscriber, indexes_of, vault
from statuspage.rules.addresses import Unusable, normalise


@transaction.atomic
def set_up(*, address: str, by: Actor) -> str:
    """Make this mailbox the canary, in place of the one before; return the subscriber's id. Raises AddressUnusable,
    also for an address that asked us to stop: nobody but its reader may take that back.

    It needs no confirmation: whoever may publish says that it is ours. It hears of everything, at any hour.
    """
    now = clock.now()
    try:
        mailbox = normalise(Way.EMAIL, address)
    except Unusable as error:
        raise AddressUnusable from error
    page = pages.locked_page()
    fresh = {"address_cipher": vault().seal(mailbox), "created_at": now, "confirmed_at": now, "is_canary": True}
    row = Subscriber.objects.select_for_update().filter(page=page).of_address(Way.EMAIL, mailbox).first()
    if row is not None and row.unsubscribed_at is not None:
        raise AddressUnusable(AddressUnusable.messages["gone"], reason="gone")
    Subscriber.objects.filter(page=page, is_canary=True).update(is_canary=False)
    if row is None:
        row = Subscriber.objects.create(
            page=page, way=Way.EMAIL, address_index=indexes_of(Way.EMAIL, mailbox)[0], **fresh
        )  # fmt: skip
    else:
        row.is_canary, row.confirmed_at = True, row.confirmed_at or now
        row.quarantined_at = row.quiet_from = row.quiet_until = None
        row.save(
            update_fields=[
                "is_canary", "confirmed_at", "quarantined_at", "quiet_from", "quiet_until",
            ]
        )  # fmt: skip
    audit.record("canary:set-up", by=by, target=row, at=now)
    return str(row.public_id)
