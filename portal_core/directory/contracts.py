from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """Somebody signed in who acts for a patient: who, for whom, and in what. `others` are further patients to choose
    from: (id to choose with, name)."""

    patient: "Patient"
    actor: Actor
    name: str
    relationship: str
    scopes: frozenset[str]
    others: tuple[tuple[str, str], ...] = ()
