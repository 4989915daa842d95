"""What is being written, kept on the server from the first words on."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import transaction

from portal_core.kernel import clock
from triage.enums import DraftKind
from triage.models import Draft

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

KEEP = dt.timedelta(days=30)
LONGEST = 5000


@transaction.atomic
def keep(*, staff: "Staff", kind: DraftKind, about: str, body: str) -> None:
    """Remember the text as it stands now; an empty one is forgotten. The author alone ever sees it, so the ledger has
    nothing to say. What lay for a month is swept out on the way."""
    now = clock.now()
    Draft.objects.filter(staff=staff, changed_at__lt=now - KEEP).delete()
    if not body.strip():
        drop(staff=staff, kind=kind, about=about)
        return
    Draft.objects.update_or_create(
        staff=staff, kind=kind, about=about, defaults={"body": body[:LONGEST], "changed_at": now}
    )


def drop(*, staff: "Staff", kind: DraftKind, about: str) -> None:
    """It was sent, or thrown away."""
    Draft.objects.filter(staff=staff, kind=kind, about=about).delete()
