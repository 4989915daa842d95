"""What crosses the border into the support desk's actions."""

import datetime as dt
from dataclasses import dataclass

from portal_core.kernel.contracts import Event


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeNews(Event):
    """Something a practice's webhooks want to hear of. `data` is the JSON they are sent, without a patient; `only` the
    public id of one endpoint, empty for all that want this kind."""

    id: str
    practice_id: int
    kind: str
    data: str
    at: dt.datetime
    only: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookStopped(Event):
    """An address failed for so long that nothing more is sent there."""

    endpoint_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagBounced(Event):
    """IT's answer did not help, for the second time."""

    flag_id: str
    bounces: int
    at: dt.datetime
