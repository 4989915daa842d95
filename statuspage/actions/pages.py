"""The page itself: setting it up, and publishing a new state of it."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from statuspage.enums import ComponentStatus, StateCause
from statuspage.models import Component, ComponentGroup, ComponentStateChange, Page, Snapshot

LIVE_GROUP = "status"
CONSOLE_GROUP = "status:console"  # operators: something they look at or should look at changed

# SP-05: telehealth stands apart because it is restored first. The number says how care depends on it (OP-02): 1 stops
# without it, 2 is harder without it.
COMPONENTS: tuple[tuple[str, tuple[tuple[str, str, int], ...]], ...] = (
    (
        "For patients",
        (
            ("Patient portal", "Signing in, appointments, documents and messages", 2),
            ("Telehealth", "Video visits", 1),
            ("Secure message e-mail", "The e-mails that tell of a new message, and reset links", 3),
        ),
    ),
    (
        "For the practice",
        (
            ("Provider portal", "Schedule, patients and the support desk", 2),
            ("Calendar sync", "Appointments in outside calendars", 3),
            ("EHR", "Charts and notes", 2),
        ),
    ),
)


@transaction.atomic
def set_up(
    *, name: str, by: Actor, time_zone: str = "Etc/UTC", url: str = "", watched_since: dt.datetime | None = None
) -> str:
    """Create the page with the components of SP-05, all operational; return its id. A second call changes nothing.

    Uptime is counted from `watched_since` (default: now).
    """
    now = clock.now()
    page, made = _get_or_create(name=name, time_zone=time_zone, url=url, at=now, since=watched_since or now)
    if made:
        audit.record("status_page:set_up", by=by, target=page, at=now)
        publish_state(page, cause="set-up", at=now)
    return str(page.public_id)


def _get_or_create(*, name: str, time_zone: str, url: str, at: dt.datetime, since: dt.datetime) -> tuple[Page, bool]:
    page = Page.objects.select_for_update().filter(slug="main").first()
    if page is not None:
        return page, False
    fresh = {
        "name": name, "url": url or f"{settings.PUBLIC_URL}/status/", "time_zone": time_zone,
        "created_at": at, "updated_at": at,
    }  # fmt: skip
    page, made = Page.objects.get_or_create(slug="main", defaults=fresh)
    if made:
        _add_components(page, at=at, since=since)
    return Page.objects.select_for_update().get(pk=page.pk), made


def _add_components(page: Page, *, at: dt.datetime, since: dt.datetime) -> None:
    for place, (title, members) in enumerate(COMPONENTS, start=1):
        group = ComponentGroup.objects.create(page=page, name=title, position=place, created_at=at, updated_at=at)
        for position, (member, description, priority) in enumerate(members, start=1):
            component = Component.objects.create(
                page=page, group=group, name=member, slug=slugify(member), description=description, position=position,
                clinical_priority=priority, start_date=since.astimezone(ZoneInfo(page.time_zone)).date(), created_at=at,
                updated_at=at,
            )  # fmt: skip
            ComponentStateChange.objects.create(
                component=component, old_status=ComponentStatus.OPERATIONAL, new_status=ComponentStatus.OPERATIONAL,
                cause=StateCause.MANUAL, started_at=since,
            )  # fmt: skip


def locked_page() -> Page:
    """The page under its row lock; made with its components if nobody has set it up yet.

    Every action that publishes takes this lock first: publications stand in one line, so snapshot ids follow commits
    and no two of them can wait for each other's rows.
    """
    now = clock.now()
    return _get_or_create(name="Service status", time_zone="Etc/UTC", url="", at=now, since=now)[0]


def publish_state(page: Page, *, cause: str, at: dt.datetime) -> Snapshot:
    """Promise a new snapshot, write it right after commit, then tell every open page. The page's lock is held."""
    page.updated_at = at
    page.save(update_fields=["updated_at"])
    snapshot = Snapshot.objects.create(page=page, cause=cause, created_at=at)
    # Before the push: a page that hears of the change fetches the snapshot at once.
    transaction.on_commit(_write_pending, robust=True)
    realtime.push(LIVE_GROUP, {"type": "status.changed", "snapshot": snapshot.pk})
    return snapshot


def _write_pending() -> None:
    from statuspage.actions import snapshots

    snapshots.write_pending()
