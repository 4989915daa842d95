"""What is said about a publication: one wording per (template, language, zone), for all ways at once."""

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format

from portal_core import notify
from portal_core.kernel import clock
from portal_core.notify import queries as deliveries
from statuspage import queries
from statuspage.actions import snapshots
from statuspage.contracts import Announcement
from statuspage.enums import EVENT_LABELS, OVER, ComponentStatus, EventKind, MaintenanceStatus, PublicationKind
from statuspage.models import FanOut
from statuspage.rules import push, slack, teams, texts, webhook_payload
from statuspage.rules.derive import CARE, IncidentView, View
from statuspage.rules.sentences import in_language
from statuspage.rules.ways import in_words, usable

Wording = tuple[str, str]  # language, IANA zone


def template_of(fan_out: FanOut, kind: str) -> str:
    """`statuspage/incident_updated`, `statuspage/maintenance_reminder`, …"""
    noun = "maintenance" if fan_out.incident.kind == EventKind.MAINTENANCE else "incident"
    return f"statuspage/{noun}_{kind}"


def news_kind(fan_out: FanOut) -> str:
    """What an update is to somebody who has not heard of the event yet."""
    if fan_out.incident.kind == EventKind.INCIDENT:
        return PublicationKind.CREATED
    upcoming = fan_out.update.status == MaintenanceStatus.SCHEDULED
    return PublicationKind.SCHEDULED if upcoming else PublicationKind.STARTED


def messages_of(
    fan_out: FanOut, kinds: Collection[str], wordings: Collection[Wording]
) -> dict[tuple[str, Wording], int]:
    """The message of each (kind, wording), written down where it is missing; {(kind, (language, zone)): message id}."""
    known = deliveries.messages_of(fan_out.cause)
    found: dict[tuple[str, Wording], int] = {}
    writer: Writer | None = None
    for kind in kinds:
        for language, zone in wordings:
            number = known.get((template_of(fan_out, kind), language, zone))
            if number is None:
                writer = writer or Writer(fan_out)
                number = writer.write(kind, language, zone)
            found[kind, (language, zone)] = number
    return found


class Writer:
    """Reads the rows once and writes the wordings that are missing."""

    def __init__(self, fan_out: FanOut) -> None:
        self.fan_out = fan_out
        self.view = snapshots.view_at(clock.now(), 0)
        self.row = _row_of(self.view, fan_out.incident.public_id)

    def write(self, kind: str, language: str, zone: str) -> int:
        with translation.override(language):
            said = self.announce(kind, language, zone)
        host = urlsplit(settings.PUBLIC_URL).hostname or "localhost"
        root = f"<incident-{said.incident_id}@{host}>"
        return notify.bulk.write(
            template_of(self.fan_out, kind),
            cause=self.fan_out.cause,
            context=self.context(said),
            language=language,
            zone=zone,
            payloads=self.payloads(said),
            # One thread per event in every mail program; each mail's own Message-ID is the delivery's.
            headers={"References": root, "In-Reply-To": root},
        )

    def announce(self, kind: str, language: str, zone: str) -> Announcement:
        update, incident = self.fan_out.update, self.fan_out.incident
        page = incident.page
        body, _edited = queries.words_of(update)
        over = update.status in OVER
        return Announcement(
            incident_id=incident.public_id,
            page_name=page.name,
            page_url=page.url,
            name=incident.name,
            kind=kind,
            status=update.status,
            label=str(EVENT_LABELS[update.status]),
            body=in_language(body),
            impact=incident.impact,
            url=settings.PUBLIC_URL + reverse("statuspage:incident", args=[incident.public_id]),
            when=update.display_at,
            components=tuple(
                f"{row['name']}: {ComponentStatus(row['new_status']).label}" for row in update.affected_components
            ),
            alternatives=() if over else self._alternatives(),
            next_update=None if over else incident.next_update_at,
            starts=incident.scheduled_for,
            ends=incident.scheduled_until,
            language=language,
            time_zone=zone,
        )

    def _alternatives(self) -> tuple[str, ...]:
        """What works meanwhile, of the parts that are affected, or that a maintenance will touch."""
        if self.row is None:
            return ()
        upcoming = self.row.facts.kind == EventKind.MAINTENANCE
        lines = [
            in_words(way)
            for component in self.row.components
            if upcoming or component.status != ComponentStatus.OPERATIONAL
            for way in usable(component)
        ]
        return tuple(dict.fromkeys(lines))

    def context(self, said: Announcement) -> dict[str, Any]:
        with translation.override(said.language), timezone.override(said.time_zone):
            return {
                "page_name": said.page_name,
                "name": said.name,
                "label": said.label,
                "body": said.body,
                "when": _moment(said.when),
                "url": said.url,
                "components": said.components,
                "alternatives": said.alternatives,
                "next_update": _moment(said.next_update),
                "starts": _moment(said.starts),
                "ends": _moment(said.ends),
                "support_text": self.fan_out.incident.page.support_text if self._care_affected(said) else "",
                "sms": texts.sms(said),
            }

    def _care_affected(self, said: Announcement) -> bool:
        """As the page asks it (`View.care_affected`), of the parts that this message is about."""
        if self.view is None or said.status in OVER:
            return False
        care = {row.facts.id for row in self.view.components if row.facts.clinical_priority <= CARE}
        return any(
            row["code"] in care and row["new_status"] != ComponentStatus.OPERATIONAL
            for row in self.fan_out.update.affected_components
        )

    def payloads(self, said: Announcement) -> dict[str, dict[str, Any]]:
        named = replace(said, components=tuple(row["name"] for row in self.fan_out.update.affected_components))
        bodies: dict[str, dict[str, Any]] = {
            "slack": slack.message(named),
            "teams": teams.message(named),
            "push": push.message(named),
            "voice": {"text": texts.voice(said)},
        }
        if self.view is not None and self.row is not None:
            bodies["webhook"] = webhook_payload.incident(
                self.row, self.view, update_id=self.fan_out.update.public_id, at=said.when
            )
        return bodies


def _row_of(view: View | None, incident_id: str) -> IncidentView | None:
    if view is None:
        return None
    return next((row for row in (*view.incidents, *view.maintenances) if row.facts.id == incident_id), None)


def _moment(moment: dt.datetime | None) -> str:
    """In the zone that is active: `Nov 22, 14:30 EST`."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'M j, H:i')} {local:%Z}"
