"""What the pages of subscribers and the staff's list show. Nothing here opens an address but the staff's own pages."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Value, When
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from statuspage.enums import SUBSCRIBER_TONES, Impact, SubscriberState, Way
from statuspage.models import Component, ComponentGroup, Incident, Page, Subscriber, SubscriberImport
from statuspage.models.subscriber import state_filters
from statuspage.rules.addresses import Unreadable, Unusable, masked, normalise

IMPACT_WORDS = {
    Impact.NONE: gettext_lazy("Everything"),
    Impact.MINOR: gettext_lazy("From minor problems up"),
    Impact.MAJOR: gettext_lazy("Only from major problems up"),
    Impact.CRITICAL: gettext_lazy("Only critical problems"),
}

CHALLENGE_WORDS = {
    "no_echo": gettext_lazy("it answered, but did not give the value back."),
    "timeout": gettext_lazy("it did not answer within ten seconds."),
    "name_not_found": gettext_lazy("its host name is not known."),
    "private_address": gettext_lazy("its host name leads into a private network."),
    "connection_lost": gettext_lazy("the connection broke off."),
    "tls": gettext_lazy("it does not speak TLS as it should."),
    "bad_certificate": gettext_lazy("its certificate is not valid."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChoice:
    """A group with its parts; `id` is "" for parts that stand alone."""

    id: str
    name: str
    members: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the staff's list. `address` is masked."""

    id: str
    way: str
    way_label: str
    address: str
    state: SubscriberState
    since: dt.datetime
    failures: int
    reason: str
    purge_at: dt.datetime | None
    is_canary: bool

    @property
    def tone(self) -> str:
        return SUBSCRIBER_TONES[self.state]


def choices() -> tuple[GroupChoice, ...]:
    """Every part that can be chosen, by group, as the page shows them."""
    found: dict[int | None, list[tuple[str, str]]] = {}
    rows = Component.objects.filter(retired_at=None).values_list("group_id", "public_id", "name")
    for group_id, public_id, name in rows:
        found.setdefault(group_id, []).append((public_id, name))
    groups = [
        GroupChoice(id=public_id, name=name, members=tuple(found.get(pk, ())))
        for pk, public_id, name in ComponentGroup.objects.values_list("pk", "public_id", "name")
    ]
    alone = found.get(None, ())
    return (*groups, GroupChoice(id="", name=_("Others"), members=tuple(alone))) if alone else tuple(groups)


def time_zone() -> str:
    """The page's zone; UTC while there is no page."""
    return str(Page.objects.filter(slug="main").values_list("time_zone", flat=True).first() or "Etc/UTC")


def incident_name(public_id: str) -> str:
    """ "" when there is no such event."""
    return str(Incident.objects.filter(public_id=public_id).values_list("name", flat=True).first() or "")


def wish_of(subscriber: Subscriber) -> dict[str, Any]:
    """What was asked for and waits to be confirmed, else what holds; the keys of a form."""
    if "components" in subscriber.asked and not subscriber.is_active:
        return dict(subscriber.asked)
    return {
        "components": list(subscriber.components.values_list("public_id", flat=True)),
        "groups": list(subscriber.groups.values_list("public_id", flat=True)),
        "incident": subscriber.incident.public_id if subscriber.incident is not None else "",
        "incidents": subscriber.wants_incidents, "maintenances": subscriber.wants_maintenances,
        "component_changes": subscriber.wants_component_changes, "minimum_impact": subscriber.minimum_impact,
        "quiet_from": subscriber.quiet_from.isoformat("minutes") if subscriber.quiet_from else "",
        "quiet_until": subscriber.quiet_until.isoformat("minutes") if subscriber.quiet_until else "",
        "quiet_bypass": subscriber.quiet_bypass, "language": subscriber.language, "time_zone": subscriber.time_zone,
    }  # fmt: skip


def why(code: str) -> str:
    """Why a webhook did not echo, for its contact."""
    if code.startswith("http_"):
        return _("it answered with status %(status)s.") % {"status": code.removeprefix("http_")}
    return str(CHALLENGE_WORDS.get(code, code))


def in_words(wish: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A wish as (what, how) lines to read before confirming."""
    kinds = {"incidents": _("Incidents"), "maintenances": _("Maintenance"), "component_changes": _("Changes of state")}
    lines = [
        (_("What"), ", ".join(label for name, label in kinds.items() if wish[name])),
        (_("About"), _about(wish)),
    ]
    if wish["minimum_impact"] in IMPACT_WORDS and wish["minimum_impact"] != Impact.NONE:
        lines.append((_("How bad"), str(IMPACT_WORDS[wish["minimum_impact"]])))
    if wish["quiet_from"]:
        hours = _("%(begin)s to %(end)s") % {"begin": wish["quiet_from"], "end": wish["quiet_until"]}
        note = _("critical news come through") if wish["quiet_bypass"] else _("nothing comes through")
        lines.append((_("Quiet hours"), f"{hours}; {note}"))
    if wish["time_zone"]:
        lines.append((_("Time zone"), wish["time_zone"].replace("_", " ")))
    return lines


def _about(wish: Mapping[str, Any]) -> str:
    if wish["incident"]:
        return incident_name(wish["incident"]) or _("One incident")
    groups = ComponentGroup.objects.filter(public_id__in=wish["groups"]).values_list("name", flat=True)
    parts = Component.objects.filter(public_id__in=wish["components"]).values_list("name", flat=True)
    return ", ".join([*(_("everything under “%(group)s”") % {"group": name} for name in groups), *parts]) or _(
        "everything"
    )


# --- the staff's list -------------------------------------------------------------------------------------------------
def counts() -> dict[tuple[str, str], int]:
    """(state, way) → how many. One query over the table."""
    whens = [When(condition, then=Value(str(state))) for state, condition in state_filters().items()]
    rows = (
        Subscriber.objects.annotate(found=Case(*whens, default=Value(""), output_field=CharField()))
        .values("found", "way")
        .annotate(number=Count("pk"))
        .order_by()
    )
    return {(row["found"], row["way"]): row["number"] for row in rows}


def lines(*, way: str = "", state: str = "", before: str = "", limit: int = 50) -> tuple[list[Line], str]:
    """Newest first, and the id to go on from ("": that was all). By key, so that page 2,000 costs what page 1 does."""
    rows = Subscriber.objects.order_by("-pk")
    rows = rows.filter(way=way) if way else rows
    rows = rows.in_state(state) if state else rows
    if before:
        place = Subscriber.objects.filter(public_id=before).values_list("pk", flat=True).first()
        rows = rows.filter(pk__lt=place) if place is not None else rows.none()
    found = list(rows[: limit + 1])
    return [line(row) for row in found[:limit]], found[limit - 1].public_id if len(found) > limit else ""


def found_by_address(text: str) -> list[Line]:
    """Those with exactly this address, by whatever way it can be one of. Nothing is searched in clear."""
    rows: dict[int, Subscriber] = {}
    for way in (way for way in Way if way != Way.PUSH):
        try:
            address = normalise(way, text)
        except Unusable:
            continue
        rows |= {row.pk: row for row in Subscriber.objects.of_address(way, address)}
    return [line(row) for row in rows.values()]


def line(row: Subscriber) -> Line:
    try:
        shown = masked(row.way, row.address)
    except Unreadable:
        shown = _("unreadable with the present key")
    since = {
        SubscriberState.PENDING: row.created_at, SubscriberState.ACTIVE: row.confirmed_at,
        SubscriberState.QUARANTINED: row.quarantined_at, SubscriberState.UNSUBSCRIBED: row.unsubscribed_at,
    }  # fmt: skip
    return Line(
        id=row.public_id, way=row.way, way_label=row.get_way_display(), address=shown, state=row.state,
        since=since[row.state] or row.created_at, failures=row.failures, reason=row.quarantine_reason,
        purge_at=row.purge_at, is_canary=row.is_canary,
    )  # fmt: skip


def imports(limit: int = 10) -> Sequence[SubscriberImport]:
    return list(SubscriberImport.objects.all()[:limit])


def import_by_id(public_id: str) -> SubscriberImport | None:
    return SubscriberImport.objects.filter(public_id=public_id).first()


def language() -> str:
    """The reader's language, of those we write in."""
    return (get_language() or "en").partition("-")[0]
