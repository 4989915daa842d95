"""What a reader may ask for: a component or a group by its id in the public API, an event, the page's own zone."""

from typing import NamedTuple

from statuspage.models import Component, ComponentGroup, Incident, Page, Subscriber


class Scope(NamedTuple):
    """What a subscriber chose, by public ids; nothing: everything."""

    component_ids: tuple[str, ...]
    group_ids: tuple[str, ...]
    incident_id: str


def of_subscriber(subscriber: Subscriber) -> Scope:
    return Scope(
        tuple(subscriber.components.values_list("public_id", flat=True)),
        tuple(subscriber.groups.values_list("public_id", flat=True)),
        subscriber.incident.public_id if subscriber.incident is not None else "",
    )


def component_or_group(public_id: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(component ids, group ids), one of them with this id; both empty when nothing has it. In the public API a group
    stands among the components."""
    if Component.objects.filter(public_id=public_id).exists():
        return (public_id,), ()
    if ComponentGroup.objects.filter(public_id=public_id).exists():
        return (), (public_id,)
    return (), ()


def incident_exists(public_id: str) -> bool:
    return Incident.objects.filter(public_id=public_id).exists()


def time_zone() -> str:
    """The page's zone, UTC while there is no page."""
    return str(Page.objects.filter(slug="main").values_list("time_zone", flat=True).first() or "Etc/UTC")
