"""What crosses the border into the support desk's actions."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagDraft:
    """A flag as the office filled it in (HD-07). `happened_at` is None while nobody said when."""

    category: str
    reason: str
    error_text: str
    page: str
    happened_at: dt.datetime | None
    device: str
    ok_to_contact: bool
    contact_number: str
    contact_window: str
    impact: str
    note: str
    incident_denied: bool = False
