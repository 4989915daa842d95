"""The page's own settings."""

from django.db import transaction

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.errors import Invalid
from statuspage.actions import pages

LONGEST_UNDO = 600


@transaction.atomic
def change(
    *,
    name: str,
    time_zone: str,
    support_text: str,
    undo_seconds: int,
    storm_people: int,
    storm_minutes: int,
    by: Actor,
) -> None:
    """Set them all; what changes is published and written to the ledger.

    `undo_seconds`: how long mails wait after a publication (0 to 600); more than `storm_people` mails within
    `storm_minutes` are held (0: never). Raises Invalid.
    """
    if not name.strip() or not 0 <= undo_seconds <= LONGEST_UNDO or storm_people < 0 or storm_minutes < 1:
        raise Invalid
    now = clock.now()
    page = pages.locked_page()
    wanted = {
        "name": name.strip(), "time_zone": time_zone, "support_text": support_text.strip(),
        "undo_seconds": undo_seconds, "storm_people": storm_people, "storm_minutes": storm_minutes,
    }  # fmt: skip
    changed = sorted(key for key, value in wanted.items() if getattr(page, key) != value)
    if not changed:
        return
    for key in changed:
        setattr(page, key, wanted[key])
    page.save(update_fields=changed)
    audit.record("status_page:settings", by=by, target=page, at=now, changed=changed)
    pages.publish_state(page, cause="settings", at=now)
