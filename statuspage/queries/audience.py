"""Who hears of a publication."""

from typing import Any

from django.db.models import Q, QuerySet

from statuspage.enums import EventKind, Impact
from statuspage.models import Component, Incident, IncidentUpdate, Page, Subscriber

# What "at least" means; a maintenance is no matter of how bad, it is wanted or not.
_BADNESS = (Impact.NONE, Impact.MINOR, Impact.MAJOR, Impact.CRITICAL)


def audience(update: IncidentUpdate) -> "QuerySet[Subscriber]":
    """Who hears of this update, as of now: reachable, wants its kind, its parts or its event, and is told of things as
    bad as this. A part's group counts as it is at this moment, with whoever joined it since somebody subscribed.

    An event without parts concerns everybody. The canary hears of everything.
    """
    incident = update.incident
    people = Subscriber.objects.filter(page_id=incident.page_id).reachable()
    return people.filter(Q(is_canary=True) | (_wanting(incident) & _concerned(incident)))


def followers_of(page: Page, component: Component) -> "QuerySet[Subscriber]":
    """Who wants the changes of this part's state as events of their own."""
    people = Subscriber.objects.filter(page=page, wants_component_changes=True).reachable()
    groups = [component.group_id] if component.group_id is not None else []
    return people.filter(_unscoped() | _in_scope([component.pk], groups))


def _wanting(incident: Incident) -> Q:
    if incident.kind == EventKind.MAINTENANCE:
        return Q(wants_maintenances=True)
    place = _BADNESS.index(Impact(incident.impact)) if incident.impact in _BADNESS else 0
    return Q(wants_incidents=True, minimum_impact__in=[*_BADNESS[: place + 1], Impact.MAINTENANCE])


def _concerned(incident: Incident) -> Q:
    members = list(incident.components.values_list("pk", "group_id"))
    own = Q(incident_id=incident.pk)
    if not members:
        return own | Q(incident=None)
    groups = {group for _pk, group in members if group is not None}
    return own | _unscoped() | _in_scope([pk for pk, _group in members], list(groups))


def _unscoped() -> Q:
    """Chose nothing, so wants everything. Sub-selects without correlation: the database hashes them once."""
    return Q(incident=None) & ~Q(pk__in=_choices("components")) & ~Q(pk__in=_choices("groups"))


def _in_scope(components: list[int], groups: list[int]) -> Q:
    return Q(pk__in=_choices("components", component_id__in=components)) | Q(
        pk__in=_choices("groups", componentgroup_id__in=groups)
    )


def _choices(name: str, **which: Any) -> "QuerySet[Any, Any]":
    through: Any = getattr(Subscriber, name).through
    return through._default_manager.filter(**which).values("subscriber_id")  # type: ignore[no-any-return]
