"""What crosses the border of the status page: events and summaries."""

import datetime as dt
from dataclasses import dataclass

from portal_core.kernel.contracts import Event
from statuspage.enums import EVENT_TONES


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPublished(Event):
    """An incident was created, updated or resolved (SP-02). `kind` is one of enums.PublicationKind."""

    incident_id: str
    update_id: str
    kind: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateOverdue(Event):
    """Readers wait longer than they should. `reason` is one of enums.Overdue, `due_at` when it was due."""

    incident_id: str
    reason: str
    due_at: dt.datetime
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentChanged(Event):
    """A component's state was set by hand."""

    component_id: str
    old_status: str
    new_status: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRequested(Event):
    """Somebody typed an address; the answer goes there by mail. The address itself never enters the outbox."""

    subscriber_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ManageLinkRequested(Event):
    """Somebody typed an address to get to its settings. `indexes` are keyed hashes of it: whether it is known is asked
    later, so that the answer takes the same time."""

    way: str
    indexes: tuple[str, ...]
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReady(Event):
    """A webhook's address echoed our challenge: it hears of events from now on."""

    subscriber_id: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberQuarantined(Event):
    """An address is written to no more, because it refused. `reason` is a code."""

    subscriber_id: str
    reason: str
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a subscriber wants to hear. `minimum_impact` is one of enums.Impact ("none": everything); quiet hours are
    local times of the subscriber's zone, both or neither; with `quiet_bypass` critical events come through."""

    incidents: bool = True
    maintenances: bool = True
    component_changes: bool = False
    minimum_impact: str = "none"
    quiet_from: dt.time | None = None
    quiet_until: dt.time | None = None
    quiet_bypass: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceWording:
    """What one internal audience is told beside the public text; `audience` as in enums.Audience but never public,
    `office_id` only for one office."""

    audience: str
    body: str
    office_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSummary:
    """One component as other apps see it. `label` is the status in words."""

    id: str
    slug: str
    name: str
    group: str
    status: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSummary:
    """One incident as other apps see it. `url` is a path on this site; `components` are names, `component_ids` ids."""

    id: str
    name: str
    status: str
    label: str
    impact: str
    url: str
    component_ids: tuple[str, ...]
    components: tuple[str, ...]
    body: str
    update_id: str
    started_at: dt.datetime
    updated_at: dt.datetime
    resolved_at: dt.datetime | None
    kind: str = "incident"
    next_update_at: dt.datetime | None = None
    scheduled_for: dt.datetime | None = None
    scheduled_until: dt.datetime | None = None

    @property
    def tone(self) -> str:
        """The badge that goes with `label` where staff read it; readers see how bad it is instead."""
        return EVENT_TONES[self.status]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One published update in words, as chat posts and browser notifications say it: public text only.

    `kind` is one of enums.PublicationKind, `impact` and `status` values of their enums, `label` the status in the
    words of `language`. `components` and `alternatives` are lines to read ("Video visits", "Call 555 0100"); `url` and
    `page_url` are full addresses. Moments are aware: `when` is the update's, `starts` and `ends` a maintenance's.
    """

    incident_id: str
    page_name: str
    page_url: str
    name: str
    kind: str
    status: str
    label: str
    body: str
    impact: str
    url: str
    when: dt.datetime
    components: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    next_update: dt.datetime | None = None
    starts: dt.datetime | None = None
    ends: dt.datetime | None = None
    language: str = "en"
    time_zone: str = "UTC"
