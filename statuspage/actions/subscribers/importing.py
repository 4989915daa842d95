"""Taking over lists from elsewhere: looked at first, then part by part, each part once whatever happens in between."""

import csv
import datetime as dt
import io
import json
import zoneinfo
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.db.models import F

from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.ids import new_public_id
from statuspage.actions import pages
from statuspage.actions.subscribers.exporting import KINDS, as_it_was
from statuspage.actions.subscribers.waking import wake
from statuspage.enums import Impact, ImportState, Way
from statuspage.errors import AddressUnusable, FileUnusable, ImportMoved, ImportNotFound
from statuspage.models import (
    Component,
    ComponentGroup,
    Incident,
    Page,
    Subscriber,
    SubscriberImport,
    SubscriberImportPart,
    indexes_of,
    vault,
)
from statuspage.rules.addresses import Unusable, normalise

PART = 500
MAX_LINES = 500_000
MAX_FAULTS = 1_000
IMPORTABLE = (Way.EMAIL, Way.SMS, Way.VOICE, Way.SLACK, Way.TEAMS)  # a webhook has to echo, a browser to agree itself
COLUMNS = (
    "address", "way", "components", "groups", "incident", "kinds", "minimum_impact", "quiet_from", "quiet_until",
    "quiet_bypass", "language", "time_zone", "consent",
)  # fmt: skip
BYPASS = {"": True, "yes": True, "no": False}


class LineFault(ValueError):
    """This line cannot be taken over. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Known:
    """What a file may name → its row: parts by slug or id, groups by name or id, events by id."""

    components: Mapping[str, int]
    groups: Mapping[str, int]
    incidents: Mapping[str, int]


@dataclass(slots=True)
class _Preview:
    lines: int = 0
    usable: int = 0
    known: int = 0
    repeated: int = 0
    faulty: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def fault(self, line: int, code: str) -> None:
        self.faulty += 1
        if len(self.faults) < MAX_FAULTS:
            self.faults.append((line, code))


def import_confirmed(*, email: str, consent: str, by: Actor) -> str:
    """Take over one address that agreed elsewhere. Returns the subscriber's id. Raises AddressUnusable."""
    try:
        import_rows(rows=[{"address": email}], consent=consent, by=by)
    except LineFault as error:
        raise AddressUnusable from error
    found = Subscriber.objects.of_address(Way.EMAIL, email.strip()).get()
    return str(found.public_id)


@transaction.atomic
def import_rows(*, rows: Iterable[Mapping[str, str]], consent: str, by: Actor) -> int:
    """Take over addresses that agreed elsewhere; `consent` says where and when, for the record. Sends nothing, and
    leaves alone what is known already, above all those who left. Returns how many are new. Raises LineFault."""
    page = _page()
    known = _names(page)
    return _take_over(page, [_read(row, known) for row in rows], consent, by)


def preview_import(*, file: BinaryIO, consent: str, by: Actor) -> str:
    """Read a CSV file line by line and say what it would do; nobody is added yet. Returns the import's id.

    The first line names the columns: `address`, and if wanted the other COLUMNS, with ";" between several slugs, groups
    or kinds. Our own export can be read back, and nobody then hears more than they chose. Each part is written by
    itself, so that nobody waits while a long file is read. Raises FileUnusable; then nothing is left of it.
    """
    page = _page()
    now = clock.now()
    row = SubscriberImport.objects.create(page=page, consent=consent[:200], by_label=by.label[:120], created_at=now)
    preview = _Preview()
    try:
        for number, part in enumerate(_batches(_good_lines(file, _names(page), preview))):
            _count_known(part, preview)
            sealed = vault().seal(json.dumps(part, separators=(",", ":")))
            SubscriberImportPart.objects.create(of=row, number=number, rows_cipher=sealed, rows=len(part))
    except FileUnusable:
        row.delete()
        raise
    _looked_at(row, preview, by)
    return str(row.public_id)


@transaction.atomic
def _looked_at(row: SubscriberImport, preview: _Preview, by: Actor) -> None:
    names = ("lines", "usable", "known", "repeated", "faulty")
    for name in names:
        setattr(row, name, getattr(preview, name))
    row.faults, row.state = [list(fault) for fault in preview.faults], ImportState.PREVIEWED
    row.save(update_fields=[*names, "faults", "state"])
    audit.record("subscriber:import_preview", by=by, target=row, lines=row.lines, usable=row.usable)


@transaction.atomic
def start_import(*, import_id: str, by: Actor) -> SubscriberImport:
    """Take it over; pressing twice is pressing once. Raises ImportNotFound, ImportMoved."""
    row = _locked(import_id)
    if row.state in (ImportState.READING, ImportState.DISCARDED):
        raise ImportMoved
    if row.state == ImportState.PREVIEWED:
        now = clock.now()
        row.state, row.started_at = ImportState.RUNNING, now
        row.save(update_fields=["state", "started_at"])
        audit.record("subscriber:import", by=by, target=row, at=now, usable=row.usable, consent=row.consent)
        wake("statuspage.import_subscribers")
    return row


@transaction.atomic
def discard_import(*, import_id: str, by: Actor) -> SubscriberImport:
    """Throw the file away. Raises ImportNotFound, ImportMoved."""
    row = _locked(import_id)
    if row.state != ImportState.PREVIEWED:
        raise ImportMoved
    now = clock.now()
    row.parts.all().delete()
    row.state, row.finished_at = ImportState.DISCARDED, now
    row.save(update_fields=["state", "finished_at"])
    audit.record("subscriber:import_discard", by=by, target=row, at=now)
    return row


def import_due() -> int:
    """Go on with every import that was started, one part a transaction; return how many lines were taken over."""
    total = 0
    for import_id in list(SubscriberImport.objects.filter(state=ImportState.RUNNING).values_list("pk", flat=True)):
        while (done := _one_part(import_id)) is not None:
            total += done
    return total


@transaction.atomic
def _one_part(import_id: int) -> int | None:
    """The next part; None when the import is at its end. A part and the mark that it is done are one transaction."""
    row = SubscriberImport.objects.select_for_update(of=("self",)).select_related("page").get(pk=import_id)
    if row.state != ImportState.RUNNING:
        return None
    part = row.parts.first()
    if part is None:
        row.state, row.finished_at = ImportState.DONE, clock.now()
        row.save(update_fields=["state", "finished_at"])
        audit.record("subscriber:import_done", by=SYSTEM, target=row, at=row.finished_at, added=row.added)
        return None
    rows = json.loads(vault().open(part.rows_cipher))
    added = _take_over(row.page, rows, row.consent, SYSTEM, note=False)
    part.delete()
    SubscriberImport.objects.filter(pk=row.pk).update(done=F("done") + len(rows), added=F("added") + added)
    return len(rows)


def _take_over(page: Page, rows: Sequence[dict[str, Any]], consent: str, by: Actor, *, note: bool = True) -> int:
    now = clock.now()
    known = _known(rows)
    fresh: dict[str, Subscriber] = {}
    for row in rows:
        indexes = indexes_of(row["way"], row["address"])
        if known.isdisjoint(f"{row['way']}.{index}" for index in indexes):
            fresh.setdefault(f"{row['way']}.{indexes[0]}", _confirmed(page, row, indexes[0], consent, now))
    Subscriber.objects.bulk_create(fresh.values(), ignore_conflicts=True, batch_size=PART)
    ours = {subscriber.public_id: subscriber for subscriber in fresh.values()}
    made = Subscriber.objects.filter(public_id__in=list(ours)).values_list("pk", "public_id")
    wanted = {f"{row['way']}.{indexes_of(row['way'], row['address'])[0]}": row for row in rows}
    wanted_of = {fresh[key].public_id: row for key, row in wanted.items() if key in fresh}
    parts, groups = Subscriber.components.through, Subscriber.groups.through
    parts.objects.bulk_create(
        [
            parts(subscriber_id=pk, component_id=member)
            for pk, public_id in made
            for member in wanted_of[public_id]["components"]
        ],
        ignore_conflicts=True,
    )
    groups.objects.bulk_create(
        [
            groups(subscriber_id=pk, componentgroup_id=member)
            for pk, public_id in made
            for member in wanted_of[public_id].get("groups", ())
        ],
        ignore_conflicts=True,
    )
    if note and made:
        audit.record("subscriber:import", by=by, at=now, consent=consent[:200], rows=len(made))
    return len(made)


def _confirmed(page: Page, row: Mapping[str, Any], index: str, consent: str, now: dt.datetime) -> Subscriber:
    kinds = row.get("kinds") or KINDS[:2]  # files that wait since before these columns have none of them
    quiet = [dt.time.fromisoformat(row[name]) if row.get(name) else None for name in ("quiet_from", "quiet_until")]
    return Subscriber(
        public_id=new_public_id(), page=page, way=row["way"], address_cipher=vault().seal(row["address"]),
        address_index=index, consent=(row["consent"] or consent)[:200], language=row["language"],
        time_zone=row["time_zone"], minimum_impact=row["minimum_impact"], created_at=now, confirmed_at=now,
        incident_id=row.get("incident"), quiet_from=quiet[0], quiet_until=quiet[1],
        quiet_bypass=row.get("quiet_bypass", True), **{f"wants_{kind}": kind in kinds for kind in KINDS},
    )  # fmt: skip


def _good_lines(file: BinaryIO, known: _Known, preview: _Preview) -> Iterator[dict[str, Any]]:
    try:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
        reader = csv.DictReader(text, strict=True)
        names = {str(name).strip().lower(): name for name in reader.fieldnames or ()}
        names.setdefault("address", names.get("email", ""))
        if not names["address"]:
            raise FileUnusable
        for raw in reader:
            preview.lines += 1
            if preview.lines > MAX_LINES:
                raise FileUnusable
            try:
                row = _read({name: str(raw.get(names.get(name)) or "") for name in COLUMNS}, known)
            except LineFault as fault:
                preview.fault(reader.line_num, fault.code)
                continue
            index = f"{row['way']}.{indexes_of(row['way'], row['address'])[0]}"
            if index in preview.seen:
                preview.repeated += 1
                continue
            preview.seen.add(index)
            preview.usable += 1
            yield row
        text.detach()
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileUnusable from error


def _read(raw: Mapping[str, str], known: _Known) -> dict[str, Any]:
    """One line as plain values. Raises LineFault."""
    values = {name: as_it_was(raw.get(name, "").strip()) for name in COLUMNS}
    way = values["way"].lower() or Way.EMAIL
    if way not in IMPORTABLE:
        raise LineFault("way")
    try:
        address = normalise(way, values["address"])
    except Unusable as error:
        raise LineFault(error.code) from error
    members, groups = _several(values["components"]), _several(values["groups"])
    if any(member not in known.components for member in members):
        raise LineFault("component")
    if any(group not in known.groups for group in groups):
        raise LineFault("group")
    # Never left out quietly: who follows one event would hear of everything.
    if values["incident"] and values["incident"] not in known.incidents:
        raise LineFault("incident")
    kinds = _several(values["kinds"].lower())
    if not {*kinds} <= {*KINDS}:
        raise LineFault("kinds")
    quiet = _quiet(values)
    if values["language"] not in ("", *dict(settings.LANGUAGES)):
        raise LineFault("language")
    if values["time_zone"] and values["time_zone"] not in zoneinfo.available_timezones():
        raise LineFault("time_zone")
    impact = values["minimum_impact"] or Impact.NONE
    if impact not in Impact.values:
        raise LineFault("impact")
    return {
        "way": str(way), "address": address, "components": sorted({known.components[member] for member in members}),
        "groups": sorted({known.groups[group] for group in groups}), "kinds": kinds,
        "incident": known.incidents.get(values["incident"]), **quiet,
        "language": values["language"], "time_zone": values["time_zone"], "minimum_impact": str(impact),
        "consent": values["consent"][:200],
    }  # fmt: skip


def _several(text: str) -> list[str]:
    return [name.strip() for name in text.split(";") if name.strip()]


def _quiet(values: Mapping[str, str]) -> dict[str, Any]:
    """Both ends as "HH:MM", or both empty. Raises LineFault."""
    ends = {name: values[name] for name in ("quiet_from", "quiet_until")}
    bypass = BYPASS.get(values["quiet_bypass"].lower())
    if bypass is None or len([end for end in ends.values() if end]) == 1:
        raise LineFault("quiet")
    try:
        read = {name: dt.time.fromisoformat(end).isoformat("minutes") if end else "" for name, end in ends.items()}
    except ValueError as error:
        raise LineFault("quiet") from error
    return {**read, "quiet_bypass": bypass}


@transaction.atomic
def _page() -> Page:
    return Page.objects.filter(slug="main").first() or pages.locked_page()


def _names(page: Page) -> _Known:
    parts = list(Component.objects.filter(page=page).values_list("pk", "slug", "public_id"))
    groups = list(ComponentGroup.objects.filter(page=page).values_list("pk", "name", "public_id"))
    events = Incident.objects.filter(page=page).values_list("public_id", "pk")
    times = Counter(name.strip() for _pk, name, _public_id in groups)
    return _Known(
        {name: pk for pk, *names in parts for name in names},
        {name.strip(): pk for pk, *names in groups for name in names if times[name.strip()] < 2},
        dict(events),
    )


def _known(rows: Sequence[Mapping[str, Any]]) -> set[str]:
    indexes = {index for row in rows for index in indexes_of(row["way"], row["address"])}
    found: set[str] = set()
    wanted = iter(sorted(indexes))
    while some := list(islice(wanted, PART)):
        rows_found = Subscriber.objects.filter(address_index__in=some).values_list("way", "address_index")
        found.update(f"{way}.{index}" for way, index in rows_found)
    return found


def _count_known(part: Sequence[Mapping[str, Any]], preview: _Preview) -> None:
    known = _known(part)
    for row in part:
        indexes = indexes_of(row["way"], row["address"])
        preview.known += not known.isdisjoint(f"{row['way']}.{index}" for index in indexes)


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while some := list(islice(rows, PART)):
        yield some


def _locked(import_id: str) -> SubscriberImport:
    row = SubscriberImport.objects.select_for_update().filter(public_id=import_id).first()
    if row is None:
        raise ImportNotFound
    return row
