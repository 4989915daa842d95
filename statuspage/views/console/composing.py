"""From a form as it stands to a publication: what all composers of the console share."""

import contextlib
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.forms import Form

from portal_core.directory import queries as directory
from portal_core.directory.guards import StaffRequest
from portal_core.kernel import clock
from portal_core.kernel.errors import AppError
from portal_core.kernel.ids import new_public_id
from statuspage import queries
from statuspage.actions import drafts, incidents, maintenances, overriding, rehearsal
from statuspage.contracts import IncidentSummary
from statuspage.enums import MAINTENANCE_MOVES, EventKind, MaintenanceStatus
from statuspage.errors import DraftClosed
from statuspage.forms.composing import DeclareForm, MessageForm, UpdateForm
from statuspage.forms.maintenances import ProgressForm, ScheduleForm
from statuspage.forms.moments import place
from statuspage.queries import desk
from statuspage.queries.lint import Verdict, verdict
from statuspage.views.console import contents

AnyForm = DeclareForm | UpdateForm | ScheduleForm | ProgressForm


@dataclass(slots=True)
class Composition:
    """A form, and what publishing it means. `event` is None for something new."""

    form: AnyForm
    kind: str
    event: IncidentSummary | None
    request: StaffRequest
    offices: dict[str, str]
    zone: str

    @property
    def event_id(self) -> str:
        return self.event.id if self.event is not None else ""

    @property
    def draft_id(self) -> str:
        return str(self.form.data.get("draft") or self.form.initial.get("draft") or "")

    def publish(self, key: str) -> IncidentSummary:
        """Publish it, once for every `key` and draft; overriding the check is written to the ledger."""
        with transaction.atomic():
            verdict = judge(self)
            summary = self._publish(key)
            if not verdict.blocked:
                overriding.note(
                    incident_id=summary.id, codes=verdict.codes, reason=verdict.reason, by=self.request.actor
                )
        return summary

    def _publish(self, key: str) -> IncidentSummary:
        draft_id = self.draft_id
        if not draft_id:
            return self.deed(key)()
        with contextlib.suppress(DraftClosed):  # pressed twice: `publish` finds what the first press made
            self.keep()
        return drafts.publish(draft_id=draft_id, by=self.request.actor)

    def keep(self) -> str:
        """Keep it as a draft as it was typed, whatever is missing; the draft's id."""
        content = contents.of(self.form, clock.now(), offices=self.offices, zone=self.zone)
        return drafts.save(
            content=content, kind=self.kind, incident_id=self.event_id, draft_id=self.draft_id, by=self.request.actor
        )

    def deed(self, key: str) -> Callable[[], IncidentSummary]:
        """The action this form asks for. The form is valid."""
        form, by = self.form, self.request.actor
        values = form.cleaned_data
        if isinstance(form, DeclareForm):
            return lambda: incidents.declare(
                name=values["name"], body=values["body"], components=form.chosen(), status=values["status"],
                impact_override=values["impact_override"], next_update_at=form.promised(clock.now()),
                deliver=not values["quiet"], texts=form.texts(), by=by, key=key,
            )  # fmt: skip
        if isinstance(form, UpdateForm):
            return lambda: incidents.post_update(
                incident_id=self.event_id, status=values["status"], body=values["body"], components=form.chosen(),
                next_update_at=form.promised(clock.now()), deliver=not values["quiet"], texts=form.texts(),
                seen=values["seen"], impact_override=drafts.override_of(values["impact_override"]), by=by, key=key,
            )  # fmt: skip
        if isinstance(form, ScheduleForm):
            return lambda: maintenances.schedule(
                name=values["name"], body=values["body"], component_ids=values["components"],
                scheduled_for=values["scheduled_for"], scheduled_until=values["scheduled_until"],
                component_status=values["component_status"], auto_start=values["auto_start"],
                auto_complete=values["auto_complete"], reminders=[int(row) for row in values["reminders"]],
                silent=values["silent"], texts=form.texts(), by=by, key=key,
            )  # fmt: skip
        return lambda: maintenances.post_update(
            incident_id=self.event_id, status=values["status"], body=values["body"], seen=values["seen"],
            deliver=not values["quiet"], texts=form.texts(), by=by, key=key,
        )  # fmt: skip


def compose(
    request: StaffRequest,
    *,
    kind: str = EventKind.INCIDENT,
    event: IncidentSummary | None = None,
    data: Mapping[str, Any] | None = None,
    initial: Mapping[str, Any] | None = None,
) -> Composition:
    """The composer for a new event or a message about `event`; unbound without `data`."""
    rows = directory.offices(request.staff.practice_id).values_list("public_id", "name")
    offices = {str(public_id): str(name) for public_id, name in rows}
    zone = desk.page_zone()
    kind = event.kind if event is not None else kind
    start = {**_start(event), **(initial or {})}
    shared: dict[str, Any] = {"data": data, "initial": start, "offices": list(offices.items())}
    form: AnyForm
    if kind == EventKind.MAINTENANCE:
        form = ScheduleForm(**shared) if event is None else ProgressForm(states=_next_states(event), **shared)
    else:
        form = DeclareForm(**shared) if event is None else UpdateForm(**shared)
    place(form, zone)
    return Composition(form, str(kind), event, request, offices, zone)


def _start(event: IncidentSummary | None) -> dict[str, Any]:
    if event is None:
        return {}
    status = event.status
    if event.kind == EventKind.MAINTENANCE:
        status = next((row for row in _next_states(event) if row != status), status)
    return {"status": status, "seen": event.update_id}


def _next_states(event: IncidentSummary) -> tuple[str, ...]:
    return tuple(str(row) for row in MAINTENANCE_MOVES.get(MaintenanceStatus(event.status), ()))


def judge(composition: Composition) -> Verdict:
    """Look at what the public would read: nobody is named, and it agrees with what the page shows."""
    form = composition.form
    values = form.cleaned_data
    text = values.get("body") or ""
    if not text.strip():
        return Verdict()
    facts = queries.lint_facts(
        kind=composition.kind,
        status=values.get("status") or MaintenanceStatus.SCHEDULED,
        components=form.chosen() if isinstance(form, MessageForm) else None,
        incident_id=composition.event_id,
    )
    return verdict(text, facts, name=values.get("name") or "", reason=values.get("lint_reason") or "")


def rehearsed(composition: Composition) -> tuple[rehearsal.Shown | None, str]:
    """What publishing would show, or why it would be refused. The form is valid."""
    try:
        return rehearsal.rehearse(composition.deed(new_public_id()), offices=composition.offices), ""
    except AppError as refusal:
        return None, str(refusal)


def first_error(form: Form) -> str:
    """The first thing that is wrong with the form, for the preview."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""


def promise_passed(event: IncidentSummary, now: dt.datetime) -> bool:
    """Whether readers were promised more by now."""
    return event.next_update_at is not None and event.resolved_at is None and event.next_update_at <= now
