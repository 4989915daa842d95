"""Rows → database, in batches, by FHIR id: a second run with the same files changes nothing.

What a resource does not state stays as it is here: an export without e-mail addresses takes none away.
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from portal_core.directory.actions.patients import addresses_imported, deceased_imported
from portal_core.directory.enums import Role
from portal_core.directory.fhir.parse import (
    NPI,
    LocationRow,
    OrganizationRow,
    PatientRow,
    PractitionerRoleRow,
    PractitionerRow,
    Ref,
    Refusal,
    Row,
)
from portal_core.directory.models import Office, Patient, Practice, RoleAssignment, Staff
from portal_core.kernel import audit

BATCH = 500
Pair = tuple[int, int | None]  # who, and in which office; None: the whole practice


class LineRefused(Exception):
    """A row that the database cannot take: the line it came from and why."""

    def __init__(self, line: int, refusal: Refusal) -> None:
        super().__init__(refusal.what)
        self.line, self.refusal = line, refusal


@dataclass(slots=True)
class Tally:
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0


class _Loader:
    """Takes the rows of one file batch by batch, inside one transaction: `begin`, `take` for each batch, `finish`. What
    is in `refused` afterwards undoes all of it."""

    def __init__(self, practice: Practice) -> None:
        self.practice, self.tally = practice, Tally()
        self.refused: list[LineRefused] = []

    def begin(self, now: dt.datetime) -> None:
        self.now = now

    def finish(self) -> None:
        pass

    def refuse(self, line: int, code: str, what: str) -> None:
        self.refused.append(LineRefused(line, Refusal(code, what)))


class _Upsert(_Loader):
    """Create what is new, write what differs, leave the rest alone."""

    model: type[Office] | type[Staff] | type[Patient]

    def _write(self, values: list[tuple[str, dict[str, Any], dict[str, Any]]]) -> None:
        """`values`: (fhir id, what the resource states, what only a new row gets)."""
        manager: Any = self.model.objects
        ids = [fhir_id for fhir_id, _stated, _first in values]
        mine = manager.filter(practice=self.practice)
        known = {row.fhir_id: row for row in mine.filter(fhir_id__in=ids)}
        # One UPDATE writes the touched columns of all these rows: read without a lock, it would undo what somebody at a
        # desk saved meanwhile. Rows that stay as they are are not held while the rest of the file comes in.
        stale = [fhir_id for fhir_id, stated, _first in values if fhir_id in known and _news(known[fhir_id], stated)]
        if stale:
            locked = mine.select_for_update(no_key=True).filter(fhir_id__in=stale).order_by("pk")
            known |= {row.fhir_id: row for row in locked}
        new, changed, touched = [], [], set()
        before: list[tuple[Any, dict[str, Any]]] = []
        for fhir_id, stated, first in values:
            row = known.get(fhir_id)
            if row is None:
                given = {name: value for name, value in stated.items() if value is not None}
                new.append(self.model(practice=self.practice, fhir_id=fhir_id, **{**given, **first}))
                continue
            differing = _news(row, stated)
            if not differing:
                self.tally.unchanged += 1
                continue
            before.append((row, {name: getattr(row, name) for name in differing}))
            for name, value in {**differing, **self._also(differing)}.items():
                setattr(row, name, value)
                touched.add(name)
            changed.append(row)
        manager.bulk_create(new)
        if changed:
            manager.bulk_update(changed, sorted(touched))
        self.tally.created += len(new)
        self.tally.updated += len(changed)
        self._changed(before)

    def _changed(self, before: list[tuple[Any, dict[str, Any]]]) -> None:
        """What follows for rows that are written: (row as it is now, what its changed fields held)."""

    def _also(self, differing: dict[str, Any]) -> dict[str, Any]:
        return {}


def _news(row: Office | Staff | Patient, stated: dict[str, Any]) -> dict[str, Any]:
    """What the resource states and the row has otherwise."""
    return {name: value for name, value in stated.items() if value not in ("", None) and getattr(row, name) != value}


class Organizations(_Loader):
    """The practice is the one organization that belongs to no other; an export of many strangers names none."""

    def begin(self, now: dt.datetime) -> None:
        self.roots: list[OrganizationRow] = []

    def take(self, rows: Sequence[tuple[int, OrganizationRow]]) -> None:
        for _line, row in rows:
            self.tally.unchanged += 1
            if row.part_of is None and len(self.roots) < 2:
                self.roots.append(row)

    def finish(self) -> None:
        if len(self.roots) != 1 or self.practice.fhir_id:
            return
        root = self.roots[0]
        self.practice.fhir_id, self.practice.name = root.fhir_id, root.name
        self.practice.save(update_fields=["fhir_id", "name"])
        self.tally.unchanged -= 1
        self.tally.updated += 1


class Locations(_Upsert):
    model = Office

    def take(self, rows: Sequence[tuple[int, LocationRow]]) -> None:
        places = [row for _line, row in rows if row.is_place]
        self.tally.skipped += len(rows) - len(places)
        self._write(
            [
                (
                    row.fhir_id,
                    {
                        "name": row.name, "phone": row.phone, "street": row.address.street, "city": row.address.city,
                        "state": row.address.state, "zip": row.address.zip, "is_active": row.active,
                    },
                    {},
                )
                for row in places
            ]
        )  # fmt: skip


class Practitioners(_Upsert):
    model = Staff

    def begin(self, now: dt.datetime) -> None:
        super().begin(now)
        # Whoever was closed off here stays so, whatever the other system says: opening again is a leader's.
        closed = Staff.objects.filter(practice=self.practice, is_active=False)
        said = audit.lines(["directory.staff"]).filter(
            target_id=OuterRef("public_id"), action__in=("staff:close", "staff:open")
        )
        closed = closed.annotate(last=Subquery(said.order_by("-pk").values("action")[:1]))
        shut = Q(user__is_active=False) | Q(last="staff:close")
        self.closed = set(closed.filter(shut).values_list("fhir_id", flat=True))
        # And an owner stays one: with the last of them closed off, nobody could let anybody in again.
        owners = Staff.objects.filter(practice=self.practice, role_assignments__role=Role.OWNER)
        self.owners = set(owners.values_list("fhir_id", flat=True))

    def _active(self, row: PractitionerRow) -> bool | None:
        """What the export may say of whether this account is open; None: nothing."""
        says_nothing = row.fhir_id in self.closed or (row.fhir_id in self.owners and row.active is False)
        return None if says_nothing else row.active

    def take(self, rows: Sequence[tuple[int, PractitionerRow]]) -> None:
        self._write(
            [
                (
                    row.fhir_id,
                    {
                        "first_name": row.first_name, "last_name": row.last_name, "npi": row.npi, "email": row.email,
                        "phone": row.phone, "is_active": self._active(row),
                    },
                    {},
                )
                for _line, row in rows
            ]
        )  # fmt: skip


class PractitionerRoles(_Loader):
    """A clinician's role in each location named. Office, leading and IT roles are never given by an import.

    The file is looked at as a whole: which role holds a place may pass from one line to another, in any order.
    """

    def begin(self, now: dt.datetime) -> None:
        people = Staff.objects.filter(practice=self.practice).exclude(fhir_id="").values_list("pk", "fhir_id", "npi")
        self.staff = {ref: pk for pk, fhir_id, npi in people for ref in _refs(fhir_id, npi)}
        places = Office.objects.filter(practice=self.practice).exclude(fhir_id="").values_list("pk", "fhir_id")
        self.offices = {fhir_id: pk for pk, fhir_id in places}
        self.wanted: dict[str, set[Pair]] = {}
        self.moved: list[RoleAssignment] = []

    def take(self, rows: Sequence[tuple[int, PractitionerRoleRow]]) -> None:
        for line, row in rows:
            staff_id = self.staff.get(row.practitioner) or self.staff.get(Ref("", row.practitioner.value))
            if staff_id is None:
                self.refuse(line, "unknown_reference", "practitioner is not in this practice")
                continue
            places: set[int | None] = {self.offices.get(place.value) for place in row.locations}
            if row.locations and None in places:
                self.refuse(line, "unknown_reference", "location is not in this practice")
                continue
            self.wanted[row.fhir_id] = {(staff_id, place) for place in places or {None}} if row.active else set()

    def finish(self) -> None:
        mine = RoleAssignment.objects.filter(staff__practice=self.practice, role=Role.CLINICIAN)
        rows = list(mine.select_for_update(of=("self",)).order_by("pk"))
        free = [row for row in rows if row.fhir_id in self.wanted and _pair(row) not in self.wanted[row.fhir_id]]
        held = {_pair(row) for row in rows} - {_pair(row) for row in free}
        touched = {row.fhir_id for row in free}
        lacking: list[tuple[str, Pair]] = []
        for fhir_id, pairs in self.wanted.items():
            fresh = sorted(pairs - held, key=lambda pair: (pair[0], pair[1] or 0))
            held.update(fresh)
            lacking += [(fhir_id, pair) for pair in fresh]
        # A row that loses its place goes on in another one, with what was set on it by hand: first where a role takes
        # over the very same place, then where a role moves.
        lacking = self._go_on(free, lacking, lambda row, _fhir_id, pair: _pair(row) == pair)
        lacking = self._go_on(
            free, lacking, lambda row, fhir_id, pair: (row.fhir_id, row.staff_id) == (fhir_id, pair[0])
        )  # fmt: skip
        RoleAssignment.objects.filter(pk__in=[row.pk for row in free]).delete()
        RoleAssignment.objects.bulk_update(self.moved, ["office_id", "fhir_id"])
        RoleAssignment.objects.bulk_create(
            RoleAssignment(staff_id=staff_id, role=Role.CLINICIAN, office_id=office_id, fhir_id=fhir_id)
            for fhir_id, (staff_id, office_id) in lacking
        )
        made = {fhir_id for fhir_id, _pair in lacking}
        changed = (touched | {row.fhir_id for row in self.moved}) & self.wanted.keys() - made
        self.tally.created, self.tally.updated = len(made), len(changed)
        self.tally.unchanged = len(self.wanted) - len(made) - len(changed)

    def _go_on(
        self,
        free: list[RoleAssignment],
        lacking: list[tuple[str, Pair]],
        fits: Callable[[RoleAssignment, str, Pair], bool],
    ) -> list[tuple[str, Pair]]:
        """Give free rows to what lacks one; return what still does."""
        left = []
        for fhir_id, pair in lacking:
            row = next((row for row in free if fits(row, fhir_id, pair)), None)
            if row is None:
                left.append((fhir_id, pair))
                continue
            free.remove(row)
            row.fhir_id, row.office_id = fhir_id, pair[1]
            self.moved.append(row)
        return left


def _pair(row: RoleAssignment) -> Pair:
    return row.staff_id, row.office_id


def _refs(fhir_id: str, npi: str) -> list[Ref]:
    return [Ref("", fhir_id), Ref(NPI, npi)] if npi else [Ref("", fhir_id)]


class Patients(_Upsert):
    model = Patient

    def begin(self, now: dt.datetime) -> None:
        super().begin(now)
        rows = Office.objects.filter(practice=self.practice, is_active=True).order_by("fhir_id", "pk")
        self.offices = list(rows)
        self.numbers: dict[str, int] = {}

    def take(self, rows: Sequence[tuple[int, PatientRow]]) -> None:
        if not self.offices:
            raise LineRefused(
                rows[0][0], Refusal("no_office", "this practice has no office yet; import Location first")
            )
        bad = self._refuse_taken_numbers(rows)
        good = [row for line, row in rows if line not in bad]
        self._write([(row.fhir_id, self._stated(row), self._first(row)) for row in good])

    def _refuse_taken_numbers(self, rows: Sequence[tuple[int, PatientRow]]) -> set[int]:
        """Lines whose number is somebody else's. Without a number a new patient goes by the FHIR id; whoever is on file
        keeps the one they have."""
        patients = Patient.objects.filter(practice=self.practice)
        without = [row.fhir_id for _line, row in rows if not row.mrn]
        on_file = set(patients.filter(fhir_id__in=without).values_list("fhir_id", flat=True)) if without else set()
        numbered = [(line, row.mrn or row.fhir_id, row) for line, row in rows if row.mrn or row.fhir_id not in on_file]
        numbers = {number for _line, number, _row in numbered}
        owners = dict(patients.filter(mrn__in=numbers).values_list("mrn", "fhir_id"))
        bad = set()
        for line, number, row in numbered:
            first = self.numbers.setdefault(number, line)
            if first != line:
                bad.add(line)
                self.refuse(line, "number_taken", f"its record number stands on line {first} already")
            elif owners.get(number, row.fhir_id) != row.fhir_id:
                bad.add(line)
                self.refuse(line, "number_taken", "its record number belongs to another patient")
        return bad

    def _stated(self, row: PatientRow) -> dict[str, Any]:
        return {
            "mrn": row.mrn, "first_name": row.first_name, "last_name": row.last_name,
            "preferred_name": row.preferred_name, "birth_date": row.birth_date, "email": row.email, "phone": row.phone,
            "street": row.address.street, "city": row.address.city, "state": row.address.state,
            "zip": row.address.zip, "language": row.language, "deceased": row.deceased,
        }  # fmt: skip

    def _first(self, row: PatientRow) -> dict[str, Any]:
        return {
            "mrn": row.mrn or row.fhir_id,
            "home_office": nearest(self.offices, row),
            "email_since": self.now if row.email else None,
            "phone_since": self.now if row.phone else None,
        }

    def _changed(self, before: list[tuple[Any, dict[str, Any]]]) -> None:
        addresses_imported([(row, fields["email"]) for row, fields in before if "email" in fields])
        deceased_imported([row for row, fields in before if "deceased" in fields and row.deceased])

    def _also(self, differing: dict[str, Any]) -> dict[str, Any]:
        return {f"{name}_since": self.now for name in ("email", "phone") if name in differing}


def nearest(offices: Sequence[Office], row: PatientRow) -> Office:
    """The home office of a new patient: same ZIP code, else same town, else same ZIP region, else any; among equals
    the patient's id decides, so that every run decides the same."""
    zip5, city = row.address.zip[:5], row.address.city.casefold()
    for near in (
        [office for office in offices if zip5 and office.zip[:5] == zip5],
        [office for office in offices if city and office.city.casefold() == city],
        [office for office in offices if zip5 and office.zip[:3] == zip5[:3]],
        list(offices),
    ):
        if near:
            return near[int(hashlib.sha256(row.fhir_id.encode()).hexdigest(), 16) % len(near)]
    raise LookupError("no offices")


LOADERS: dict[str, type[Organizations | Locations | Practitioners | PractitionerRoles | Patients]] = {
    "Organization": Organizations,
    "Location": Locations,
    "Practitioner": Practitioners,
    "PractitionerRole": PractitionerRoles,
    "Patient": Patients,
}

__all__ = ["BATCH", "LOADERS", "LineRefused", "Row", "Tally", "nearest"]
