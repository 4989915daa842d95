"""What crosses the border of this app."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from portal_core.kernel.contracts import Actor
from telehealth.enums import Role

if TYPE_CHECKING:
    from telehealth.models import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A person at one side of one visit, as the door let them in. Actions take a seat, never a bare visit."""

    visit: "Visit"
    role: Role
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """What a side is told when it has joined. `peer_epoch` is "" while the other side is away."""

    epoch: str
    generation: int
    state: str
    peer_epoch: str
    resumed: bool
    at: dt.datetime
