"""Whole status pages as facts, for tests of what readers see: no database is needed to draw one."""

import datetime as dt
import itertools
from dataclasses import replace

from statuspage.rules.derive import View, derive
from statuspage.rules.facts import (
    ComponentFacts,
    EntryPointFacts,
    Facts,
    GroupFacts,
    HourFacts,
    IncidentFacts,
    Interval,
    PageFacts,
    PostmortemFacts,
    UpdateFacts,
)

NOW = dt.datetime(2026, 11, 22, 15, 42, tzinfo=dt.UTC)  # 10:42 in New York
ZONE = "America/New_York"
WATCHED = NOW - dt.timedelta(days=120)
_number = itertools.count(1)


def ago(**parts: float) -> dt.datetime:
    return NOW - dt.timedelta(**parts)


def page(**fields: object) -> PageFacts:
    standard = PageFacts(
        id="page00000000", name="Larkfield Health Group", url="https://status.example.test/status/", time_zone=ZONE,
        updated_at=NOW,
    )  # fmt: skip
    return replace(standard, **fields)


def group(id: str, name: str, position: int = 1, **fields: object) -> GroupFacts:
    return replace(
        GroupFacts(id=id, name=name, description="", position=position, created_at=WATCHED, updated_at=NOW), **fields
    )


def component(
    id: str, name: str, group_id: str | None = "patients", *spans: Interval, **fields: object
) -> ComponentFacts:
    """`spans` are its times of trouble, oldest first; between them it is operational."""
    intervals: list[Interval] = []
    since: dt.datetime | None = WATCHED
    for span in spans:
        if since is not None and span.start > since:
            intervals.append(Interval(status="operational", start=since, end=span.start))
        intervals.append(span)
        since = span.end
    if since is not None:
        intervals.append(Interval(status="operational", start=since, end=None))
    standard = ComponentFacts(
        id=id, name=name, slug=id, description="", status=intervals[-1].status, position=1, showcase=True,
        start_date=WATCHED.date(), group_id=group_id, created_at=WATCHED, updated_at=NOW, intervals=tuple(intervals),
    )  # fmt: skip
    return replace(standard, **fields)


def trouble(status: str, start: dt.datetime, end: dt.datetime | None = None) -> Interval:
    return Interval(status=status, start=start, end=end)


def update(status: str, body: str, at: dt.datetime, **fields: object) -> UpdateFacts:
    standard = UpdateFacts(
        id=f"update{next(_number):06}", status=status, body=body, affected=(), deliver_notifications=True,
        created_at=at, display_at=at,
    )  # fmt: skip
    return replace(standard, **fields)


def incident(
    id: str, name: str, *updates: UpdateFacts, components: tuple[str, ...] = (), **fields: object
) -> IncidentFacts:
    """`updates` newest first; state and times follow from them."""
    first, last = updates[-1], updates[0]
    over = last.status in ("resolved", "postmortem", "completed")
    standard = IncidentFacts(
        number=next(_number), id=id, name=name, status=last.status, impact="major", created_at=first.created_at,
        started_at=first.display_at, monitoring_at=None, resolved_at=last.display_at if over else None,
        updated_at=last.display_at, component_ids=components, updates=updates,
    )  # fmt: skip
    return replace(standard, **fields)


def maintenance(
    id: str, name: str, *updates: UpdateFacts, start: dt.datetime, minutes: int = 120, **fields: object
) -> IncidentFacts:
    return incident(
        id, name, *updates, kind="maintenance", impact="maintenance", scheduled_for=start, started_at=start,
        scheduled_until=start + dt.timedelta(minutes=minutes), **fields,
    )  # fmt: skip


def way(kind: str, title: str, target: str = "", text: str = "", health: str = "working") -> EntryPointFacts:
    return EntryPointFacts(
        id=f"way{next(_number)}", kind=kind, title=title, target=target, text=text, health=health, checked_at=NOW
    )


def hours(*milliseconds: int | None) -> tuple[HourFacts, ...]:
    start = NOW.replace(minute=0) - dt.timedelta(hours=len(milliseconds) - 1)
    return tuple(HourFacts(start=start + dt.timedelta(hours=n), milliseconds=ms) for n, ms in enumerate(milliseconds))


GROUPS = (group("patients", "For patients"), group("practice", "For the practice", 2))
DAY = tuple(180 + (37 * n * n) % 160 for n in range(24))


def calm(**fields: object) -> Facts:
    """The demo's page: six parts, three old incidents, nothing wrong now."""
    past = incident(
        "incident0001", "Signing in to the patient portal is slow",
        update("resolved", "Everything is back to normal speed.", ago(days=6)),
        update("monitoring", "Signing in works again since we restarted a server.", ago(days=6, minutes=25)),
        update("investigating", "Some patients wait long when they sign in.", ago(days=6, minutes=55)),
        components=("portal",),
    )  # fmt: skip
    older = incident(
        "incident0002", "Video visits do not start",
        update("resolved", "All video visits have been working for half an hour.", ago(days=33)),
        update("investigating", "Please hold visits by phone.", ago(days=33, minutes=95)),
        components=("video",), impact="critical",
        postmortem=PostmortemFacts(
            body="A certificate ran out.\n\nWe now renew it by a clock.", published_at=ago(days=30),
            updated_at=ago(days=30),
            notified=True,
        ),
    )  # fmt: skip
    members = (
        component(
            "portal", "Patient portal", "patients", trouble("partial_outage", ago(days=6, minutes=55), ago(days=6)),
            description="Signing in, appointments, documents and messages", clinical_priority=2, hours=hours(*DAY),
        ),
        component(
            "video", "Telehealth", "patients", trouble("major_outage", ago(days=33, minutes=95), ago(days=33)),
            description="Video visits", clinical_priority=1, hours=hours(*DAY[:20], None, 400, 300, 210),
        ),
        component("mail", "Secure message e-mail", "patients", description="E-mails that tell of a new message"),
        component("desk", "Provider portal", "practice", description="Schedule, patients and the support desk"),
        component(
            "calendar", "Calendar sync", "practice",
            trouble("degraded_performance", ago(days=61, minutes=70), ago(days=61)),
            trouble("under_maintenance", ago(days=40, minutes=90), ago(days=40)),
        ),
        component("ehr", "EHR", "practice", description="Charts and notes"),
    )  # fmt: skip
    return replace(Facts(page=page(), groups=GROUPS, components=members, incidents=(past, older)), **fields)


def affected(facts: Facts, **statuses: str) -> Facts:
    """The same with some components in trouble for twenty minutes."""
    members = []
    for row in facts.components:
        if row.id in statuses:
            spans = (*row.intervals[:-1], replace(row.intervals[-1], end=ago(minutes=20)))
            row = replace(row, status=statuses[row.id], intervals=(*spans, trouble(statuses[row.id], ago(minutes=20))))
        members.append(row)
    return replace(facts, components=tuple(members))


WAYS = (
    way("link", "Backup video room", "https://backup.example.test/room", "Same visit, another door.", "failing"),
    way("phone", "Dial in by phone", "+1 555 010 0199", "Say your clinician's name."),
    way("text", "Hold the visit by phone", text="Your clinician will call the number we have.", health="unknown"),
)


def busy() -> Facts:
    """Three incidents, a maintenance under way, one planned, one cancelled, and ways around."""
    facts = affected(calm(), video="major_outage", mail="partial_outage", calendar="under_maintenance")
    members = tuple(replace(row, entry_points=WAYS) if row.id == "video" else row for row in facts.components)
    now = (
        incident(
            "incident0003", "Video visits do not start",
            update("identified", "A relay server is full.", ago(minutes=8), edited_at=ago(minutes=3)),
            update("investigating", "Video visits do not start since 10:22.", ago(minutes=20)),
            components=("video",), impact="critical", next_update_at=NOW + dt.timedelta(minutes=18),
        ),
        incident(
            "incident0004", "Reset e-mails arrive late",
            update("monitoring", "The queue is getting shorter.", ago(minutes=4)),
            update("identified", "Our mail provider slows us down.", ago(minutes=9)),
            update("investigating", "People write that reset links come late.", ago(minutes=15)),
            update("investigating", "We see it too.", ago(minutes=18)),
            components=("mail",), next_update_at=ago(minutes=2),
        ),
        incident(
            "incident0005", "Phones at the front desk",
            update("investigating", "Calls drop. Please write instead.", ago(minutes=2)), impact="none",
        ),
    )  # fmt: skip
    planned = (
        maintenance(
            "incident0006", "New calendar servers", update("in_progress", "We have begun.", ago(minutes=20)),
            start=ago(minutes=20), components=("calendar",),
        ),
        maintenance(
            "incident0007", "Patient portal moves house", update("scheduled", "You sign in again.", ago(days=1)),
            start=NOW + dt.timedelta(days=3), components=("portal",),
        ),
        maintenance(
            "incident0008", "Monthly patches", update("completed", "We will do this another day.", ago(days=2)),
            start=ago(days=1), components=("ehr",), cancelled_at=ago(days=2),
        ),
    )  # fmt: skip
    return replace(
        facts,
        page=page(support_text="In a crisis call or text 988, day and night."),
        components=members,
        incidents=(*now, *facts.incidents),
        maintenances=planned,
    )


def long_names() -> Facts:
    """Words that do not fit: names without a break, names in another script, markup."""
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    facts = affected(calm(), video="major_outage")
    members = tuple(replace(row, name=f"{row.name} {word}", description=word * 2) for row in facts.components)
    row = incident(
        "incident0009", f"{word} {word} <b>&", update("investigating", f"{word * 3}\n\nمرحبا بالعالم", ago(minutes=5)),
        components=tuple(member.id for member in members),
    )  # fmt: skip
    groups = (group("patients", f"For {word}"), group("practice", "מטופלים ומטפלים", 2))
    return replace(facts, page=page(name=f"Practice {word}"), groups=groups, components=members, incidents=(row,))


def empty() -> Facts:
    """A page before anybody gave it parts."""
    return Facts(page=page(), groups=(), components=(), incidents=())


def view(facts: Facts, *, now: dt.datetime = NOW, snapshot: int = 7) -> View:
    return derive(facts, now=now, snapshot=snapshot)


def worst() -> Facts:
    """Thirty parts in five groups, most of them in trouble; twelve incidents with messages as long as they may be."""
    words = "The mail server is slow and letters arrive late. " * 510  # 25,000 characters
    states = ("major_outage", "partial_outage", "degraded_performance", "operational")
    parts = tuple(
        component(
            f"part{n:02}", f"Part of the service number {n}", f"group{n % 5}",
            trouble("partial_outage", ago(days=40 + n), ago(days=39 + n)),
            trouble(states[n % 4], ago(hours=3)),
            description="What it is for, in one short line",
        )
        for n in range(30)
    )  # fmt: skip
    now = tuple(
        incident(
            f"incident{n:04}", f"Trouble number {n}",
            *(update("identified", words, ago(minutes=n + step)) for step in range(4)),
            components=(f"part{n:02}", f"part{n + 1:02}"), impact="critical",
        )
        for n in range(12)
    )  # fmt: skip
    groups = tuple(group(f"group{n}", f"Group number {n}", n) for n in range(5))
    return Facts(page=page(), groups=groups, components=parts, incidents=now)
