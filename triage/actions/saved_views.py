"""Filters of the list that somebody gave a name. They are the person's own and say nothing about anybody."""

from typing import TYPE_CHECKING

from django.db import transaction

from portal_core.kernel import clock
from triage.errors import TooManyViews
from triage.models import SavedView
from triage.rules.views import Wanted

if TYPE_CHECKING:
    from portal_core.directory.models import Staff

MOST = 12


@transaction.atomic
def save(*, staff: "Staff", name: str, wanted: Wanted, desk: str = "") -> SavedView:
    """Keep a filter of the office's list, or of the other `desk`'s; the same name again is that view, changed. Raises
    TooManyViews."""
    name, kept = name.strip()[:40], wanted.as_dict() | ({"desk": desk} if desk else {})
    mine = SavedView.objects.select_for_update().filter(staff=staff)
    if len(others := [row for row in mine if row.name != name]) >= MOST:
        raise TooManyViews(kept=len(others))
    row, _made = SavedView.objects.update_or_create(
        staff=staff,
        name=name,
        defaults={"wanted": kept},
        create_defaults={"wanted": kept, "created_at": clock.now()},
    )
    return row


def remove(*, staff: "Staff", public_id: str) -> None:
    """Gone; a second time changes nothing."""
    SavedView.objects.filter(staff=staff, public_id=public_id).delete()
