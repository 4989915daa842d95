"""The only doors to one object for one person; a stranger learns nothing (404)."""

from typing import TYPE_CHECKING

from portal_core.access.errors import RunNotFound
from portal_core.access.models import OnboardingRun

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


def run_for(staff: "Staff", public_id: str) -> OnboardingRun:
    """A run this person began; it names patients of their offices. Raises RunNotFound."""
    row = OnboardingRun.objects.filter(by=staff, public_id=public_id).first()
    if row is None:
        raise RunNotFound
    return row
