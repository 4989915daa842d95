import datetime as dt
from dataclasses import dataclass

from portal_core.kernel.contracts import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """Somebody signed in. `user_id` is the user's public id, `realm` "staff" or "patient"."""

    user_id: str
    realm: str
    at: dt.datetime
