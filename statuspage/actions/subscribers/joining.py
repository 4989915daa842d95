"""Typing an address, and the address saying yes.

Whoever types an address gets the same answer for the same work, whether we know it or not: the row is made if it is
not there, read, and written, always. What was typed stands aside (`asked`) until the address itself has confirmed, so a
stranger who types it changes nothing.
"""

import datetime as dt
import hmac
import zoneinfo
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db import transaction

from portal_core.kernel import audit, clock, outbox
from portal_core.kernel.contracts import Actor
from portal_core.kernel.http import ratelimit
from portal_core.kernel.ids import new_public_id
from statuspage import access
from statuspage.actions import pages
from statuspage.contracts import ManageLinkRequested, Preferences, SubscriptionRequested
from statuspage.enums import Impact, Way
from statuspage.errors import (
    AddressUnusable,
    ChoiceUnknown,
    CodeWrong,
    ComponentUnknown,
    ContactMissing,
    NothingChosen,
    WayClosed,
)
from statuspage.models import Component, ComponentGroup, Incident, Page, Subscriber, indexes_of, vault
from statuspage.rules.addresses import Unusable, normalise, usable

UNCONFIRMED_DAYS = 7
CODE_LIVES = dt.timedelta(minutes=15)
CODE_TRIES, CODE_WINDOW = 6, 600  # of six digits: one in a million each
CONTACTED = (Way.WEBHOOK, Way.SLACK, Way.TEAMS)


@transaction.atomic
def subscribe(
    *,
    way: str = Way.EMAIL,
    address: str,
    contact: str = "",
    component_ids: Sequence[str] = (),
    group_ids: Sequence[str] = (),
    incident_id: str = "",
    preferences: Preferences | None = None,
    language: str = "",
    time_zone: str = "",
    region: str = "US",
    by: Actor,
) -> str:
    """Take down an address and ask it, by its own way, whether it means it. Known or not, the caller sees the same.

    Returns a handle made of the address alone; with it and the code that was sent, `confirm_code` goes on (SMS, voice).
    `contact` is the e-mail address to turn to when a webhook, Slack or Teams address stops answering; a webhook needs
    one. `region`: country of a number without "+". Raises AddressUnusable, ContactMissing, WayClosed, ComponentUnknown,
    ChoiceUnknown, NothingChosen.
    """
    address = _usable(way, address, region)
    if way not in access.ways_open():
        raise WayClosed
    contact = _contact(way, contact)
    page = Page.objects.filter(slug="main").first() or pages.locked_page()
    wish = wish_of(page, component_ids, group_ids, incident_id, preferences or Preferences(), language, time_zone)
    wish["contact"] = vault().seal(contact) if contact else ""
    now = clock.now()
    subscriber = _row_of(page, way, address, now)
    _take_down(subscriber, wish, now)
    audit.record("subscriber:ask", by=by, target=subscriber, at=now, way=way)
    outbox.publish(SubscriptionRequested(subscriber_id=subscriber.public_id, at=now))
    return access.handle_of(way, address)


@transaction.atomic
def confirm(*, token: str, by: Actor) -> Subscriber:
    """Whoever reads what goes to this address said yes. Doing it twice is doing it once. Raises LinkInvalid.

    For a webhook it is the contact who says yes here; its address is then asked to echo a challenge.
    """
    subscriber = locked(access.subscriber_by_confirm_token(token))
    return _yes(subscriber, by)


def confirm_code(*, handle: str, code: str, by: Actor) -> Subscriber:
    """The code that was sent to a number, typed on the next page; good once, and for so many tries, which are counted
    in its row: a cache may forget. Raises CodeWrong, TooMany, LinkInvalid.

    A number we do not know has no right code, and a wrong or a used code is answered the same.
    """
    ratelimit.hit("statuspage.code", handle, limit=CODE_TRIES, per=CODE_WINDOW)
    subscriber = _by_code(handle, code, by)
    if subscriber is None:
        raise CodeWrong  # outside the transaction: the try that was counted stays
    return subscriber


@transaction.atomic
def _by_code(handle: str, code: str, by: Actor) -> Subscriber | None:
    """The same statements whether we know the number or not, as long as the code is wrong."""
    known = access.subscriber_by_handle(handle)
    rows = Subscriber.objects.filter(pk=known.pk if known is not None else 0)
    found, now = rows.select_for_update(of=("self",)).first(), clock.now()
    asked: dict[str, Any] = found.asked if found is not None else {}
    typed = "".join(character for character in code if character.isdigit())
    asked_at, tries = asked.get("code_at", ""), asked.get("code_tries", 0)
    right = access.code_of(found.public_id if found is not None else "", asked_at)
    fresh = bool(asked_at) and now - dt.datetime.fromisoformat(asked_at) <= CODE_LIVES
    usable = fresh and asked.get("code_used") != asked_at and tries < CODE_TRIES
    if not hmac.compare_digest(typed.encode(), right.encode()) or not usable or found is None:
        rows.update(asked={**asked, "code_tries": tries + 1})
        return None
    found.asked = {**asked, "code_used": asked_at}
    found.save(update_fields=["asked"])
    return _yes(found, by)


@transaction.atomic
def request_manage_link(*, way: str, address: str, region: str = "US", by: Actor) -> str:
    """Send the link to one's own settings to this address, if we know it; the caller learns nothing. Returns a handle
    as `subscribe` does (numbers get a code instead of a link). Raises AddressUnusable."""
    address = _usable(way, address, region)
    now = clock.now()
    _adopt(way, address)
    outbox.publish(ManageLinkRequested(way=way, indexes=indexes_of(way, address), at=now))
    audit.record("subscriber:ask_link", by=by, at=now, way=way)
    return access.handle_of(way, address)


def fulfil(subscriber: Subscriber, wish: dict[str, Any]) -> list[str]:
    """Let a wish count; return the names of the fields that changed. The row is locked and saved by the caller."""
    components = Component.objects.filter(page_id=subscriber.page_id, public_id__in=wish["components"])
    subscriber.components.set(components)
    subscriber.groups.set(ComponentGroup.objects.filter(page_id=subscriber.page_id, public_id__in=wish["groups"]))
    incident = Incident.objects.filter(page_id=subscriber.page_id, public_id=wish["incident"]).first()
    subscriber.incident = incident if wish["incident"] else None
    subscriber.wants_incidents, subscriber.wants_maintenances = wish["incidents"], wish["maintenances"]
    subscriber.wants_component_changes = wish["component_changes"]
    subscriber.minimum_impact = wish["minimum_impact"]
    subscriber.quiet_from = dt.time.fromisoformat(wish["quiet_from"]) if wish["quiet_from"] else None
    subscriber.quiet_until = dt.time.fromisoformat(wish["quiet_until"]) if wish["quiet_until"] else None
    subscriber.quiet_bypass = wish["quiet_bypass"]
    subscriber.language, subscriber.time_zone = wish["language"], wish["time_zone"]
    return [
        "incident", "wants_incidents", "wants_maintenances", "wants_component_changes", "minimum_impact",
        "quiet_from", "quiet_until", "quiet_bypass", "language", "time_zone",
    ]  # fmt: skip


def _usable(way: str, address: str, region: str) -> str:
    try:
        return normalise(way, address, region=region)
    except Unusable as error:
        raise AddressUnusable(AddressUnusable.messages.get(error.code), reason=error.code) from error


def _contact(way: str, contact: str) -> str:
    contact = contact.strip() if way in CONTACTED else ""
    if way == Way.WEBHOOK and not contact:
        raise ContactMissing
    if contact and not usable(contact):
        raise AddressUnusable
    return contact


def wish_of(
    page: Page,
    component_ids: Sequence[str],
    group_ids: Sequence[str],
    incident_id: str,
    preferences: Preferences,
    language: str,
    time_zone: str,
) -> dict[str, Any]:
    """What was asked for as plain JSON values, once we know that all of it exists."""
    components, groups = sorted(set(component_ids)), sorted(set(group_ids))
    if Component.objects.filter(page=page, public_id__in=components).count() != len(components):
        raise ComponentUnknown
    if ComponentGroup.objects.filter(page=page, public_id__in=groups).count() != len(groups):
        raise ComponentUnknown
    if incident_id and not Incident.objects.filter(page=page, public_id=incident_id).exists():
        raise ChoiceUnknown
    if not (preferences.incidents or preferences.maintenances or preferences.component_changes):
        raise NothingChosen
    known = preferences.minimum_impact in Impact.values and language in ("", *dict(settings.LANGUAGES))
    if not known or (time_zone and time_zone not in zoneinfo.available_timezones()):
        raise ChoiceUnknown
    if (preferences.quiet_from is None) != (preferences.quiet_until is None):
        raise ChoiceUnknown
    return {
        "components": components, "groups": groups, "incident": incident_id,
        "incidents": preferences.incidents, "maintenances": preferences.maintenances,
        "component_changes": preferences.component_changes, "minimum_impact": str(preferences.minimum_impact),
        "quiet_from": _clock(preferences.quiet_from), "quiet_until": _clock(preferences.quiet_until),
        "quiet_bypass": preferences.quiet_bypass, "language": language, "time_zone": time_zone,
    }  # fmt: skip


def _clock(moment: dt.time | None) -> str:
    return moment.isoformat("minutes") if moment is not None else ""


def _adopt(way: str, address: str) -> None:
    """Index a row of an earlier key anew, so that the unique key holds while the key is being changed."""
    newest, *earlier = indexes_of(way, address)
    if earlier and not Subscriber.objects.filter(way=way, address_index=newest).exists():
        Subscriber.objects.filter(way=way, address_index__in=earlier).update(address_index=newest)


def _row_of(page: Page, way: str, address: str, now: dt.datetime) -> Subscriber:
    """The row of this address, locked; made if there was none. The same statements in both cases."""
    _adopt(way, address)
    index = indexes_of(way, address)[0]
    fresh = Subscriber(
        public_id=new_public_id(), page=page, way=way, address_cipher=vault().seal(address), address_index=index,
        created_at=now,
    )  # fmt: skip
    Subscriber.objects.bulk_create([fresh], ignore_conflicts=True)
    return Subscriber.objects.select_for_update().get(page=page, way=way, address_index=index)


def _take_down(subscriber: Subscriber, wish: dict[str, Any], now: dt.datetime) -> None:
    """Keep the wish beside the row; a confirmed row keeps what it has, and is written all the same."""
    if not subscriber.is_active:
        if subscriber.quarantined_at is not None or subscriber.contact_confirmed_at is not None:
            wish["contact"] = ""  # the contact of a webhook is changed by its contact alone
        subscriber.asked = {**wish, **_code(subscriber)}
        soon = now + dt.timedelta(days=UNCONFIRMED_DAYS)
        subscriber.purge_at = max(subscriber.purge_at or soon, soon)
    subscriber.save(update_fields=["asked", "purge_at"])


def _code(subscriber: Subscriber) -> dict[str, Any]:
    """What must outlive the wish: when the last code went out, which one was used, and how often it was tried."""
    kept = {name: subscriber.asked.get(name, "") for name in ("code_at", "code_used")}
    return {**kept, "code_tries": subscriber.asked.get("code_tries", 0)}


def _yes(subscriber: Subscriber, by: Actor) -> Subscriber:
    now = clock.now()
    if subscriber.is_active:
        return subscriber
    fields = fulfil(subscriber, subscriber.asked) if "components" in subscriber.asked else []
    if subscriber.asked.get("contact"):
        subscriber.contact_cipher = subscriber.asked["contact"]
        fields.append("contact_cipher")
    subscriber.asked = _code(subscriber)
    fields.append("asked")
    if subscriber.way == Way.WEBHOOK:
        from statuspage.actions.subscribers.challenging import expect_echo

        fields += expect_echo(subscriber, now)
    else:
        fields += activate(subscriber, now)
    subscriber.save(update_fields=fields)
    audit.record("subscriber:confirm", by=by, target=subscriber, at=now, way=subscriber.way)
    return subscriber


def activate(subscriber: Subscriber, now: dt.datetime) -> list[str]:
    """From now on it hears of events. Returns the names of the fields to save."""
    subscriber.confirmed_at = now
    subscriber.unsubscribed_at = subscriber.quarantined_at = subscriber.purge_at = subscriber.failing_since = None
    subscriber.quarantine_reason, subscriber.failures = "", 0
    return [
        "confirmed_at", "unsubscribed_at", "quarantined_at", "purge_at", "failing_since", "quarantine_reason",
        "failures",
    ]  # fmt: skip


def stamp_code(subscriber: Subscriber, now: dt.datetime, pause: dt.timedelta) -> bool:
    """Begin a new code unless one went out within `pause`; whether it did. The row is locked by the caller."""
    last = subscriber.asked.get("code_at", "")
    if last and now - dt.datetime.fromisoformat(last) < pause:
        return False
    subscriber.asked = {**subscriber.asked, "code_at": now.isoformat(), "code_tries": 0}
    subscriber.save(update_fields=["asked"])
    return True


def locked(subscriber: Subscriber) -> Subscriber:
    return Subscriber.objects.select_for_update(of=("self",)).get(pk=subscriber.pk)
