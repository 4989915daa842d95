from dataclasses import replace

from django.db import transaction

from portal_core.directory.enums import Hat
from portal_core.directory.errors import RoleRefused
from portal_core.directory.models import Staff
from portal_core.kernel import audit
from portal_core.kernel.contracts import Actor


@transaction.atomic
def choose(*, staff: Staff, hat: Hat, by: Actor) -> None:
    """Note the side chosen for this session. Raises RoleRefused when the person holds no role on that side."""
    if hat not in staff.hats:
        raise RoleRefused
    audit.record("staff:choose-hat", by=replace(by, hat=str(hat)), target=staff, hat=str(hat))
