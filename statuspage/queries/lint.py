"""What the honesty check knows of the page."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from portal_core.kernel import clock
from statuspage.enums import CLAIMING, UNDERWAY, ComponentStatus, EntryPointKind, EventKind, IncidentStatus
from statuspage.models import Component, EntryPoint, Incident, IncidentComponent, Page
from statuspage.rules import lint
from statuspage.rules.lint import LintFacts, PartFacts

# Chosen from a list, so that the ledger never holds what somebody typed.
OVERRIDE_REASONS = [
    ("", "Choose a reason"),
    ("false_alarm", "It is a false alarm: this names no person and no secret"),
    ("checked", "I read it again, and it is right as it stands"),
    ("urgent", "Readers need this now; I will correct the words afterwards"),
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the honesty check says. `blocked`: it stops, and nobody gave a reason to go on (`reason`, a code)."""

    findings: tuple[lint.Finding, ...] = ()
    blocked: bool = False
    reason: str = ""

    @property
    def codes(self) -> list[str]:
        """Of the findings that had to be overridden."""
        return sorted({finding.code for finding in self.findings if finding.blocking})


def verdict(text: str, facts: LintFacts, *, name: str = "", reason: str = "") -> Verdict:
    """The honesty check over what the public would read; a `reason` lets pass what it stops."""
    found = lint.judge(text, facts, name=name)
    return Verdict(found, any(finding.blocking for finding in found) and not reason, reason)


def lint_facts(
    *,
    kind: str = EventKind.INCIDENT,
    status: str = IncidentStatus.INVESTIGATING,
    components: Mapping[str, str] | None = None,
    incident_id: str = "",
) -> LintFacts:
    """Facts for `rules.lint.judge` about a message that would give these components (id → status) these states.

    `incident_id` is the event it belongs to, empty for a new one. Five queries.
    """
    now, chosen = clock.now(), dict(components or {})
    own = IncidentComponent.objects.filter(incident__public_id=incident_id) if incident_id else ()
    claims = {row.component_id: row.status for row in own}
    members = list(Component.objects.filter(retired_at=None).order_by("group__position", "position", "pk"))
    touched = {row.pk: chosen.get(row.public_id, claims.get(row.pk)) for row in members}
    active = IncidentComponent.objects.filter(incident__status__in=CLAIMING).exclude(
        status=ComponentStatus.OPERATIONAL
    )  # fmt: skip
    covered = set(active.values_list("component_id", flat=True)) | {pk for pk, state in touched.items() if state}
    late = Incident.objects.filter(status__in=UNDERWAY, scheduled_until__lt=now).order_by("scheduled_until")
    page = Page.objects.filter(slug="main").first()
    phones = EntryPoint.objects.filter(kind=EntryPointKind.PHONE).values_list("target", flat=True)
    hosts = {urlsplit(url).hostname or "" for url in (settings.PUBLIC_URL, page.url if page is not None else "")}
    return LintFacts(
        now=now,
        kind=kind,
        status=status,
        touched=tuple(state for state in touched.values() if state),
        parts=tuple(PartFacts(name=row.name, status=row.status, covered=row.pk in covered) for row in members),
        late=tuple(late.values_list("name", flat=True)),
        public_numbers=tuple(phones),
        public_hosts=tuple(sorted(hosts - {""})),
    )
