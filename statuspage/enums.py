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


class IncidentStatus(models.TextChoices):
    INVESTIGATING = "investigating", _("Investigating")
    IDENTIFIED = "identified", _("Identified")
    MONITORING = "monitoring", _("Monitoring")
    RESOLVED = "resolved", _("Resolved")


UNRESOLVED = (IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING)

# An update may stay in the same state ("Update"), and a fix that did not hold goes back.
MOVES: dict[IncidentStatus, tuple[IncidentStatus, ...]] = {
    IncidentStatus.INVESTIGATING: (*UNRESOLVED, IncidentStatus.RESOLVED),
    IncidentStatus.IDENTIFIED: (*UNRESOLVED, IncidentStatus.RESOLVED),
    IncidentStatus.MONITORING: (*UNRESOLVED, IncidentStatus.RESOLVED),
    IncidentStatus.RESOLVED: (),
}


class Impact(models.TextChoices):
    """How bad: of one incident, and (as `indicator`) of the whole page."""

    NONE = "none", _("No impact")
    MAINTENANCE = "maintenance", _("Maintenance")
    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")
    CRITICAL = "critical", _("Critical")


class StateCause(models.TextChoices):
    """What changed a component's state."""

    MANUAL = "manual", _("Set by hand")
    INCIDENT = "incident", _("Incident")


class PublicationKind(models.TextChoices):
    """The three events subscribers hear of (SP-02)."""

    CREATED = "created", _("Created")
    UPDATED = "updated", _("Updated")
    RESOLVED = "resolved", _("Resolved")
