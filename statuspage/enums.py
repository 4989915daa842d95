"""Words of the status page. The values are those of the Statuspage v2 API (research/statuspage.md §2.3)."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ComponentStatus(models.TextChoices):
    """Five states; degraded performance is one of its own (SP-04)."""

    OPERATIONAL = "operational", _("Operational")
    DEGRADED = "degraded_performance", _("Degraded performance")
    PARTIAL_OUTAGE = "partial_outage", _("Partial outage")
    MAJOR_OUTAGE = "major_outage", _("Major outage")
    MAINTENANCE = "under_maintenance", _("Under maintenance")


# From least to most severe; what "worst" means everywhere.
SEVERITY: dict[str, int] = {
    ComponentStatus.OPERATIONAL: 0,
    ComponentStatus.MAINTENANCE: 1,
    ComponentStatus.DEGRADED: 2,
    ComponentStatus.PARTIAL_OUTAGE: 3,
    ComponentStatus.MAJOR_OUTAGE: 4,
}


class EventKind(models.TextChoices):
    """Incidents and maintenances are one kind of row with different states: one publish path, one history."""

    INCIDENT = "incident", _("Incident")
    MAINTENANCE = "maintenance", _("Maintenance")


class IncidentStatus(models.TextChoices):
    INVESTIGATING = "investigating", _("Investigating")
    IDENTIFIED = "identified", _("Identified")
    MONITORING = "monitoring", _("Monitoring")
    RESOLVED = "resolved", _("Resolved")
    POSTMORTEM = "postmortem", _("Postmortem")


class MaintenanceStatus(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    IN_PROGRESS = "in_progress", _("In progress")
    VERIFYING = "verifying", _("Verifying")
    COMPLETED = "completed", _("Completed")


UNRESOLVED = (IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING)
UNDERWAY = (MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING)
UPCOMING = (MaintenanceStatus.SCHEDULED,)
OVER = (IncidentStatus.RESOLVED, IncidentStatus.POSTMORTEM, MaintenanceStatus.COMPLETED)
# What claims states for components: an open incident, and a maintenance while it is under way.
CLAIMING = (*UNRESOLVED, *UNDERWAY)

EVENT_STATUSES = [*IncidentStatus.choices, *MaintenanceStatus.choices]
EVENT_LABELS = dict(EVENT_STATUSES)

# An update may stay in the same state ("Update"), and a fix that did not hold goes back.
INCIDENT_MOVES: dict[IncidentStatus, tuple[IncidentStatus, ...]] = {
    IncidentStatus.INVESTIGATING: (*UNRESOLVED, IncidentStatus.RESOLVED),
    IncidentStatus.IDENTIFIED: (*UNRESOLVED, IncidentStatus.RESOLVED),
    IncidentStatus.MONITORING: (*UNRESOLVED, IncidentStatus.RESOLVED),
    IncidentStatus.RESOLVED: (IncidentStatus.POSTMORTEM,),
    IncidentStatus.POSTMORTEM: (IncidentStatus.POSTMORTEM,),
}

# Scheduled to completed is a cancellation; `cancelled_at` tells it from work that was done.
MAINTENANCE_MOVES: dict[MaintenanceStatus, tuple[MaintenanceStatus, ...]] = {
    MaintenanceStatus.SCHEDULED: tuple(MaintenanceStatus),
    MaintenanceStatus.IN_PROGRESS: (*UNDERWAY, MaintenanceStatus.COMPLETED),
    MaintenanceStatus.VERIFYING: (*UNDERWAY, MaintenanceStatus.COMPLETED),
    MaintenanceStatus.COMPLETED: (),
}
INCIDENT_TONES: dict[IncidentStatus, str] = {
    IncidentStatus.INVESTIGATING: "warning",
    IncidentStatus.IDENTIFIED: "warning",
    IncidentStatus.MONITORING: "info",
    IncidentStatus.RESOLVED: "ok",
    IncidentStatus.POSTMORTEM: "ok",
}
INCIDENT_VERBS: dict[IncidentStatus, tuple[str, ...]] = {
    IncidentStatus.INVESTIGATING: ("incident:declare", "incident:update"),
    IncidentStatus.IDENTIFIED: ("incident:declare", "incident:update"),
    IncidentStatus.MONITORING: ("incident:declare", "incident:update"),
    IncidentStatus.RESOLVED: ("incident:resolve", "incident:backfill"),
    IncidentStatus.POSTMORTEM: ("postmortem:publish",),
}
MAINTENANCE_TONES: dict[MaintenanceStatus, str] = {
    MaintenanceStatus.SCHEDULED: "neutral",
    MaintenanceStatus.IN_PROGRESS: "info",
    MaintenanceStatus.VERIFYING: "info",
    MaintenanceStatus.COMPLETED: "ok",
}
MAINTENANCE_VERBS: dict[MaintenanceStatus, tuple[str, ...]] = {
    MaintenanceStatus.SCHEDULED: ("maintenance:schedule", "maintenance:update"),
    MaintenanceStatus.IN_PROGRESS: ("maintenance:start", "maintenance:update"),
    MaintenanceStatus.VERIFYING: ("maintenance:start", "maintenance:update"),
    MaintenanceStatus.COMPLETED: ("maintenance:complete", "maintenance:cancel", "maintenance:backfill"),
}

ALLOWED: dict[str, tuple[str, ...]] = dict([*INCIDENT_MOVES.items(), *MAINTENANCE_MOVES.items()])
EVENT_TONES: dict[str, str] = dict([*INCIDENT_TONES.items(), *MAINTENANCE_TONES.items()])


class Overdue(models.TextChoices):
    """Why staff are asked for news."""

    PROMISE = "promise", _("The promised update is overdue")
    SILENCE = "silence", _("Readers have heard nothing for hours")
    NOT_STARTED = "not_started", _("Its time has come, but it has not begun")
    RUNNING_LATE = "running_late", _("It should be over by now")


class Impact(models.TextChoices):
    """How bad: of one incident, and (as `indicator`) of the whole page."""

    NONE = "none", _("No impact")
    MAINTENANCE = "maintenance", _("Maintenance")
    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")
    CRITICAL = "critical", _("Critical")


COMPUTED = "computed"  # in forms and drafts, beside the impacts: as the components say


class StateCause(models.TextChoices):
    """What changed a component's state."""

    MANUAL = "manual", _("Set by hand")
    INCIDENT = "incident", _("Incident")
    MAINTENANCE = "maintenance", _("Maintenance")


class PublicationKind(models.TextChoices):
    """What subscribers hear of: the three events of an incident (SP-02), and those of a maintenance."""

    CREATED = "created", _("Created")
    UPDATED = "updated", _("Updated")
    RESOLVED = "resolved", _("Resolved")
    POSTMORTEM = "postmortem", _("Postmortem published")
    SCHEDULED = "scheduled", _("Maintenance scheduled")
    RESCHEDULED = "rescheduled", _("Maintenance moved")
    REMINDER = "reminder", _("Maintenance begins soon")
    STARTED = "started", _("Maintenance has begun")
    COMPLETED = "completed", _("Maintenance completed")
    CANCELLED = "cancelled", _("Maintenance cancelled")


class Audience(models.TextChoices):
    """Who reads a text about an event. Only PUBLIC ever reaches a snapshot, the API, a feed or a subscriber."""

    PUBLIC = "public", _("Everyone")
    STAFF = "staff", _("Staff of the practice")
    OFFICE = "office", _("One office")
    IT = "it", _("IT")


class Way(models.TextChoices):
    """By which way a subscriber hears from us."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    VOICE = "voice", _("Phone call")
    WEBHOOK = "webhook", _("Webhook")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")
    PUSH = "push", _("Browser notification")


class SubscriberState(models.TextChoices):
    """Where a subscription stands; read from its moments, never stored."""

    PENDING = "pending", _("Not confirmed yet")
    ACTIVE = "active", _("Subscribed")
    QUARANTINED = "quarantined", _("Set aside")
    UNSUBSCRIBED = "unsubscribed", _("Left")


# What is not confirmed, set aside or left is deleted after a while.
SUBSCRIBER_MOVES: dict[SubscriberState, tuple[SubscriberState, ...]] = {
    SubscriberState.PENDING: (SubscriberState.ACTIVE, SubscriberState.QUARANTINED, SubscriberState.UNSUBSCRIBED),
    SubscriberState.ACTIVE: (SubscriberState.QUARANTINED, SubscriberState.UNSUBSCRIBED),
    SubscriberState.QUARANTINED: (SubscriberState.ACTIVE, SubscriberState.UNSUBSCRIBED),
    SubscriberState.UNSUBSCRIBED: (SubscriberState.ACTIVE,),
}
SUBSCRIBER_TONES: dict[SubscriberState, str] = {
    SubscriberState.PENDING: "neutral",
    SubscriberState.ACTIVE: "ok",
    SubscriberState.QUARANTINED: "warning",
    SubscriberState.UNSUBSCRIBED: "neutral",
}
SUBSCRIBER_VERBS: dict[SubscriberState, tuple[str, ...]] = {
    SubscriberState.PENDING: ("subscriber:ask",),
    SubscriberState.ACTIVE: ("subscriber:confirm", "subscriber:echo", "subscriber:import", "subscriber:reactivate"),
    SubscriberState.QUARANTINED: ("subscriber:quarantine",),
    SubscriberState.UNSUBSCRIBED: ("subscriber:unsubscribe",),
}


class ImportState(models.TextChoices):
    """A file of subscribers: looked at, then taken over in parts, or thrown away."""

    READING = "reading", _("Being read")
    PREVIEWED = "previewed", _("Waiting for your go-ahead")
    RUNNING = "running", _("Being taken over")
    DONE = "done", _("Done")
    DISCARDED = "discarded", _("Thrown away")


IMPORT_MOVES: dict[ImportState, tuple[ImportState, ...]] = {
    ImportState.READING: (ImportState.PREVIEWED, ImportState.DISCARDED),
    ImportState.PREVIEWED: (ImportState.RUNNING, ImportState.DISCARDED),
    ImportState.RUNNING: (ImportState.DONE,),
    ImportState.DONE: (),
    ImportState.DISCARDED: (),
}
IMPORT_TONES: dict[ImportState, str] = {
    ImportState.READING: "neutral",
    ImportState.PREVIEWED: "warning",
    ImportState.RUNNING: "info",
    ImportState.DONE: "ok",
    ImportState.DISCARDED: "neutral",
}
IMPORT_VERBS: dict[ImportState, tuple[str, ...]] = {
    ImportState.PREVIEWED: ("subscriber:import_preview",),
    ImportState.RUNNING: ("subscriber:import",),
    ImportState.DONE: ("subscriber:import_done",),
    ImportState.DISCARDED: ("subscriber:import_discard",),
}


class EntryPointKind(models.TextChoices):
    """Another way to get the thing done while a component is affected (TH-31 to TH-34)."""

    LINK = "link", _("Link")
    PHONE = "phone", _("Phone")
    TEXT = "text", _("What to do")


class EntryPointHealth(models.TextChoices):
    UNKNOWN = "unknown", _("Not checked")
    WORKING = "working", _("Working")
    FAILING = "failing", _("Not working")


class DraftState(models.TextChoices):
    """A draft waits for a person, or for its time; what was published or discarded stays for the record."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Will be published")
    PUBLISHED = "published", _("Published")
    DISCARDED = "discarded", _("Discarded")


DRAFT_MOVES: dict[DraftState, tuple[DraftState, ...]] = {
    DraftState.DRAFT: (DraftState.SCHEDULED, DraftState.PUBLISHED, DraftState.DISCARDED),
    DraftState.SCHEDULED: (DraftState.DRAFT, DraftState.PUBLISHED, DraftState.DISCARDED),
    DraftState.PUBLISHED: (),
    DraftState.DISCARDED: (),
}
DRAFT_TONES: dict[DraftState, str] = {
    DraftState.DRAFT: "neutral",
    DraftState.SCHEDULED: "info",
    DraftState.PUBLISHED: "ok",
    DraftState.DISCARDED: "neutral",
}
DRAFT_VERBS: dict[DraftState, tuple[str, ...]] = {
    DraftState.DRAFT: ("draft:begin", "draft:unschedule", "draft:refused"),
    DraftState.SCHEDULED: ("draft:schedule",),
    DraftState.PUBLISHED: ("draft:publish",),
    DraftState.DISCARDED: ("draft:discard",),
}


class FanOutState(models.TextChoices):
    """How far the telling of one publication has come: from the update to one delivery per subscriber."""

    RUNNING = "running", _("Being written down")
    HELD = "held", _("Held: somebody has to decide")
    DONE = "done", _("Complete")
    DISCARDED = "discarded", _("Not sent")
    UNDONE = "undone", _("Taken back")


FAN_OUT_MOVES: dict[FanOutState, tuple[FanOutState, ...]] = {
    FanOutState.RUNNING: (FanOutState.HELD, FanOutState.DONE, FanOutState.UNDONE),
    FanOutState.HELD: (FanOutState.RUNNING, FanOutState.DISCARDED),
    FanOutState.DONE: (FanOutState.UNDONE, FanOutState.RUNNING),  # it stopped for newer news that were taken back
    FanOutState.DISCARDED: (),
    FanOutState.UNDONE: (),
}
FAN_OUT_TONES: dict[FanOutState, str] = {
    FanOutState.RUNNING: "info",
    FanOutState.HELD: "warning",
    FanOutState.DONE: "ok",
    FanOutState.DISCARDED: "neutral",
    FanOutState.UNDONE: "neutral",
}
FAN_OUT_VERBS: dict[FanOutState, tuple[str, ...]] = {
    FanOutState.RUNNING: ("fan_out:release", "fan_out:undo"),
    FanOutState.HELD: ("fan_out:hold",),
    FanOutState.DONE: ("fan_out:complete",),
    FanOutState.DISCARDED: ("fan_out:discard",),
    FanOutState.UNDONE: ("fan_out:undo",),
}
