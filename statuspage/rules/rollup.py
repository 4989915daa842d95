"""From many states to one: impact of an incident, indicator and sentence of the page (research §2.4).

A pure table, so that a correction is one line.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from statuspage.enums import SEVERITY, ComponentStatus, Impact

# From harmless to grave.
_RANK: tuple[str, ...] = (Impact.NONE, Impact.MAINTENANCE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)

_IMPACT_OF: dict[str, str] = {
    ComponentStatus.OPERATIONAL: Impact.NONE,
    ComponentStatus.MAINTENANCE: Impact.MAINTENANCE,
    ComponentStatus.DEGRADED: Impact.MINOR,
    ComponentStatus.PARTIAL_OUTAGE: Impact.MAJOR,
    ComponentStatus.MAJOR_OUTAGE: Impact.CRITICAL,
}

# All components alike: the state speaks for itself. Mixed: the worst wins, softened by one step.
_ALL: dict[str, tuple[str, str]] = {
    ComponentStatus.OPERATIONAL: (Impact.NONE, _("All Systems Operational")),
    ComponentStatus.MAINTENANCE: (Impact.MAINTENANCE, _("Service Under Maintenance")),
    ComponentStatus.DEGRADED: (Impact.MINOR, _("Degraded System Service")),
    ComponentStatus.PARTIAL_OUTAGE: (Impact.MAJOR, _("Partial System Outage")),
    ComponentStatus.MAJOR_OUTAGE: (Impact.CRITICAL, _("Major System Outage")),
}
_SOME: dict[str, tuple[str, str]] = {
    ComponentStatus.MAINTENANCE: (Impact.MAINTENANCE, _("Service Under Maintenance")),
    ComponentStatus.DEGRADED: (Impact.MINOR, _("Partially Degraded Service")),
    ComponentStatus.PARTIAL_OUTAGE: (Impact.MINOR, _("Minor Service Outage")),
    ComponentStatus.MAJOR_OUTAGE: (Impact.MAJOR, _("Partial System Outage")),
}
# An active incident whose own components are green: the page must not say that all is well (uptime-kuma #908).
_BY_INCIDENT: dict[str, tuple[str, str]] = {
    Impact.MAINTENANCE: (Impact.MAINTENANCE, _("Service Under Maintenance")),
    Impact.MINOR: (Impact.MINOR, _("Minor Service Outage")),
    Impact.MAJOR: (Impact.MAJOR, _("Partial System Outage")),
    Impact.CRITICAL: (Impact.CRITICAL, _("Major System Outage")),
}


@dataclass(frozen=True, slots=True)
class Rollup:
    """`indicator` is a value of Impact, `description` Statuspage's sentence for it."""

    indicator: str
    description: str


def worst(statuses: Iterable[str]) -> str:
    """The most severe component status; operational when there is none."""
    return max(statuses, key=lambda status: SEVERITY[status], default=ComponentStatus.OPERATIONAL)


def worst_impact(impacts: Iterable[str]) -> str:
    return max(impacts, key=_RANK.index, default=Impact.NONE)


def impact_of(statuses: Iterable[str], *, floor: Sequence[str] = ()) -> str:
    """Impact of an incident on these components; never below `floor`, since an incident keeps the worst it reached."""
    return worst_impact([*floor, *(_IMPACT_OF[status] for status in statuses)])


def rollup(statuses: Sequence[str], active_impacts: Sequence[str]) -> Rollup:
    """Indicator and sentence of the page: the worse of what its components and its active incidents say.

    `active_impacts` are those that no component tells of (`tells`): a computed impact is that of the components the
    incident names, and the table above has softened them already.
    """
    alike = len(set(statuses)) == 1
    by_components = (_ALL if alike else {**_ALL, **_SOME})[worst(statuses)]
    by_incident = _BY_INCIDENT.get(worst_impact(active_impacts), _ALL[ComponentStatus.OPERATIONAL])
    said = max((by_components, by_incident), key=lambda row: _RANK.index(row[0]))
    return Rollup(*map(str, said))


def tells(override: str, statuses: Iterable[str]) -> bool:
    """Whether an incident says more than its own components, in these states: somebody set its impact by hand, or none
    of them has a problem now."""
    return bool(override) or SEVERITY[worst(statuses)] <= SEVERITY[ComponentStatus.MAINTENANCE]
