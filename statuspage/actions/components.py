"""The parts of the service: their state set by hand, and their place on the page."""

import datetime as dt
from collections.abc import Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import Actor
from statuspage.actions import pages
from statuspage.contracts import ComponentChanged, ComponentSummary
from statuspage.enums import CLAIMING, UPCOMING, ComponentStatus, StateCause
from statuspage.errors import ComponentBusy, ComponentUnknown, GroupUnknown, StatusUnknown, TextMissing
from statuspage.models import Component, ComponentGroup, ComponentStateChange, Page
from statuspage.queries import summarise_component

NAME_MAX, DESCRIPTION_MAX = 160, 300

Row = TypeVar("Row", Component, ComponentGroup)


@transaction.atomic
def set_state(*, component_id: str, status: str, by: Actor) -> ComponentSummary:
    """Set one component's state by hand and publish it. Setting the state it already has changes and publishes
    nothing. Raises ComponentUnknown, StatusUnknown."""
    if status not in ComponentStatus.values:
        raise StatusUnknown
    now = clock.now()
    page = pages.locked_page()
    component = _for_change(page, component_id)
    old = component.status
    # What was set by hand is what the open incidents say from now on: else their next update would undo it.
    # A maintenance that leaves its components as they are says nothing, now or later.
    claiming = component.claims.filter(incident__status__in=CLAIMING).exclude(incident__component_status="")
    claiming.update(status=status)
    if component.change(status, at=now, cause=StateCause.MANUAL, by=by.label):
        audit.record("component:set_state", by=by, target=component, at=now, old=old, new=status)
        outbox.publish(ComponentChanged(component_id=component_id, old_status=old, new_status=status, at=now))
        pages.publish_state(page, cause=f"component:{component_id}", at=now)
    return summarise_component(component)


@transaction.atomic
def create(
    *,
    name: str,
    description: str = "",
    group_id: str = "",
    clinical_priority: int = 3,
    showcase: bool = True,
    only_show_if_degraded: bool = False,
    by: Actor,
) -> ComponentSummary:
    """Add a part, operational and watched from now on, at the end of its group ("": outside any group).

    Raises TextMissing, GroupUnknown.
    """
    name, description = _texts(name, description)
    now = clock.now()
    page = pages.locked_page()
    group = _group(page, group_id) if group_id else None
    last = page.components.filter(group=group, retired_at=None).aggregate(last=Max("position"))["last"] or 0
    component = Component.objects.create(
        page=page, group=group, name=name, slug=_slug(page, name), description=description, position=last + 1,
        showcase=showcase, only_show_if_degraded=only_show_if_degraded, clinical_priority=clinical_priority,
        start_date=now.astimezone(ZoneInfo(page.time_zone)).date(), created_at=now, updated_at=now,
    )  # fmt: skip
    ComponentStateChange.objects.create(
        component=component, old_status=ComponentStatus.OPERATIONAL, new_status=ComponentStatus.OPERATIONAL,
        cause=StateCause.MANUAL, actor_label=by.label[:120], started_at=now,
    )  # fmt: skip
    _done(page, "component:create", component, by=by, at=now)
    return summarise_component(component)


@transaction.atomic
def edit(
    *,
    component_id: str,
    name: str,
    description: str = "",
    clinical_priority: int | None = None,
    showcase: bool | None = None,
    only_show_if_degraded: bool | None = None,
    start_date: dt.date | None = None,
    by: Actor,
) -> ComponentSummary:
    """Rename or describe a part anew; its id and address stay, so subscriptions do too. None leaves a value as it is.
    Uptime is counted from `start_date`.

    Raises ComponentUnknown, TextMissing.
    """
    name, description = _texts(name, description)
    now = clock.now()
    page = pages.locked_page()
    component = _for_change(page, component_id)
    wanted: dict[str, Any] = {
        "name": name, "description": description, "clinical_priority": clinical_priority, "showcase": showcase,
        "only_show_if_degraded": only_show_if_degraded, "start_date": start_date,
    }  # fmt: skip
    changed = {key: value for key, value in wanted.items() if value not in (None, getattr(component, key))}
    for key, value in changed.items():
        setattr(component, key, value)
    if changed:
        component.updated_at = now
        component.save(update_fields=[*changed, "updated_at"])
        _done(page, "component:edit", component, by=by, at=now, changed=sorted(changed))
    return summarise_component(component)


@transaction.atomic
def move(*, component_id: str, group_id: str = "", position: int, by: Actor) -> ComponentSummary:
    """Put a part at place `position` (from 1) of a group ("": outside any group); the others make room.

    Raises ComponentUnknown, GroupUnknown.
    """
    now = clock.now()
    page = pages.locked_page()
    component = _for_change(page, component_id)
    component.group = _group(page, group_id) if group_id else None
    component.updated_at = now
    component.save(update_fields=["group", "updated_at"])
    others = page.components.filter(group=component.group, retired_at=None).exclude(pk=component.pk)
    Component.objects.bulk_update(_in_line(list(others), component, position), ["position"])
    _done(page, "component:move", component, by=by, at=now)
    return summarise_component(component)


@transaction.atomic
def retire(*, component_id: str, by: Actor) -> None:
    """Take a part off the page; past incidents keep its name. Raises ComponentUnknown (also the second time) and
    ComponentBusy while an open incident or a coming maintenance names it."""
    now = clock.now()
    page = pages.locked_page()
    component = _for_change(page, component_id)
    if component.claims.filter(incident__status__in=[*CLAIMING, *UPCOMING]).exists():
        raise ComponentBusy
    component.retired_at = component.updated_at = now
    component.save(update_fields=["retired_at", "updated_at"])
    _done(page, "component:retire", component, by=by, at=now)


@transaction.atomic
def create_group(*, name: str, description: str = "", by: Actor) -> str:
    """Add a group at the end of the page; return its id. Raises TextMissing."""
    name, description = _texts(name, description)
    now = clock.now()
    page = pages.locked_page()
    last = page.groups.aggregate(last=Max("position"))["last"] or 0
    group = ComponentGroup.objects.create(
        page=page, name=name, description=description, position=last + 1, created_at=now, updated_at=now
    )
    _done(page, "component_group:create", group, by=by, at=now)
    return str(group.public_id)


@transaction.atomic
def edit_group(*, group_id: str, name: str, description: str = "", by: Actor) -> None:
    """Raises GroupUnknown, TextMissing."""
    name, description = _texts(name, description)
    now = clock.now()
    page = pages.locked_page()
    group = _group(page, group_id)
    if (group.name, group.description) == (name, description):
        return
    group.name, group.description, group.updated_at = name, description, now
    group.save(update_fields=["name", "description", "updated_at"])
    _done(page, "component_group:edit", group, by=by, at=now)


@transaction.atomic
def move_group(*, group_id: str, position: int, by: Actor) -> None:
    """Put a group at place `position` (from 1) of the page. Raises GroupUnknown."""
    now = clock.now()
    page = pages.locked_page()
    group = _group(page, group_id)
    others = page.groups.exclude(pk=group.pk)
    ComponentGroup.objects.bulk_update(_in_line(list(others), group, position), ["position"])
    _done(page, "component_group:move", group, by=by, at=now)


@transaction.atomic
def remove_group(*, group_id: str, by: Actor) -> None:
    """Its parts stay, outside any group. Raises GroupUnknown."""
    now = clock.now()
    page = pages.locked_page()
    group = _group(page, group_id)
    _done(page, "component_group:remove", group, by=by, at=now)
    group.delete()


def _for_change(page: Page, component_id: str) -> Component:
    rows = Component.objects.select_for_update(of=("self",)).select_related("group")
    component = rows.filter(page=page, public_id=component_id, retired_at=None).first()
    if component is None:
        raise ComponentUnknown
    return component


def _group(page: Page, group_id: str) -> ComponentGroup:
    group = ComponentGroup.objects.select_for_update().filter(page=page, public_id=group_id).first()
    if group is None:
        raise GroupUnknown
    return group


def _texts(name: str, description: str) -> tuple[str, str]:
    name, description = " ".join(name.split()), " ".join(description.split())
    if not name or len(name) > NAME_MAX or len(description) > DESCRIPTION_MAX or not (name + description).isprintable():
        raise TextMissing
    return name, description


def _slug(page: Page, name: str) -> str:
    """Unique among all that ever were: old links must not lead to another part."""
    base = slugify(name)[:50] or "part"
    taken = set(page.components.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _in_line(others: Sequence[Row], row: Row, position: int) -> list[Row]:
    """Everybody in order with the new place numbers; not saved."""
    line = list(others)
    line.insert(max(0, position - 1), row)
    for number, member in enumerate(line, start=1):
        member.position = number
    return line


def _done(
    page: Page, verb: str, target: Component | ComponentGroup, *, by: Actor, at: dt.datetime, **facts: Any
) -> None:
    audit.record(verb, by=by, target=target, at=at, **facts)
    pages.publish_state(page, cause=f"{verb}:{target.public_id}", at=at)
