"""Lists. They read, they never write; who reads a list of patients is noted by the view (`access.note_list_read`)."""

import datetime as dt
import re
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from portal_core.directory.enums import ROLE_PERMISSIONS, Permission
from portal_core.directory.models import Office, Patient, Practice, Staff
from portal_core.directory.models.search import WordBegins
from portal_core.directory.rules.contact import sendable_phone as sendable_phone
from portal_core.directory.rules.words import parts_of

PAGE = 25
MOST_WORDS = 5
PHONE = re.compile(r"(?<!\S)\+?\(?[0-9][0-9 ().-]{5,18}[0-9](?!\S)")


@dataclass(frozen=True, slots=True)
class PatientPage:
    """One page of patients in the order of their names; `after` is the public id to ask the next page with, or ""."""

    patients: list[Patient]
    after: str


def practices() -> QuerySet[Practice]:
    """All of them, for what has to be done for each."""
    return Practice.objects.order_by("pk")


def practice(practice_id: int) -> Practice:
    return Practice.objects.get(pk=practice_id)


def offices(practice_id: int) -> QuerySet[Office]:
    """Active offices of a practice, the main one first."""
    return Office.objects.filter(practice_id=practice_id, is_active=True).order_by("-is_main", "name", "pk")


def contact_offices() -> QuerySet[Office]:
    """Active offices of every practice here, for people who have not signed in: the main one of each practice first."""
    rows = Office.objects.filter(is_active=True).select_related("practice")
    return rows.order_by("practice_id", "-is_main", "name", "pk")


def patients(staff: Staff, *, text: str = "", after: str = "", limit: int = PAGE) -> PatientPage:
    """A page of the patients this person may see, found by `text` when given; costs the same for one row and for many.

    The place to go on from is a public id and not a name: names do not travel in addresses.
    """
    rows = search_patients(staff, text) if text.strip() else Patient.objects.seen_by(staff)
    if after:
        last = Patient.objects.seen_by(staff).filter(public_id=after).first()
        if last is not None:
            rows = beyond(rows, last)
    found = list(rows.select_related("home_office").order_by("last_name", "first_name", "pk")[: limit + 1])
    return PatientPage(found[:limit], found[limit - 1].public_id if len(found) > limit else "")


def beyond(rows: QuerySet[Patient], last: Patient) -> QuerySet[Patient]:
    """Of these patients, those who come after `last` in the order of their names."""
    return rows.filter(
        Q(last_name__gt=last.last_name)
        | Q(last_name=last.last_name, first_name__gt=last.first_name)
        | Q(last_name=last.last_name, first_name=last.first_name, pk__gt=last.pk)
    )


def living_patients() -> QuerySet[Patient]:
    """Of every practice, for look-ups by the machine itself; people look by `patients`."""
    return Patient.objects.filter(deceased=False)


def search_patients(staff: Staff, text: str) -> QuerySet[Patient]:
    """Patients this person may see. Each word of `text` begins a word of a name or of the record number, accents or not
    (nunez finds Núñez, jones Smith-Jones), or is a whole e-mail address, a birth date (1980-05-17, 5/17/1980) or the
    end of a phone number (four digits or more)."""
    rows = Patient.objects.seen_by(staff)
    conditions = [found for word in _words(text) if (found := _matches(word)) is not None]
    if text.strip() and not conditions:
        return rows.none()
    return rows.filter(*conditions)


def _words(text: str) -> list[str]:
    """What somebody typed, a phone number as one word however it is written."""

    def plain(found: re.Match[str]) -> str:
        number = found[0]
        return number if number.isdigit() or _date(number) else re.sub("[^0-9]", "", number)[-10:]

    return [word.strip(",;") for word in PHONE.sub(plain, text[:120]).split()[:MOST_WORDS]]


def _matches(word: str) -> Q | None:
    """None for what holds neither letters nor digits."""
    if "@" in word:
        return Q(Exact(Lower("email"), word.lower()))
    born = _date(word)
    if born is not None:
        return Q(birth_date=born)
    begun = Q()
    for part in parts_of(word):
        begun &= Q(WordBegins(part, number=len(part) >= 4 and part.isdigit()))
    return begun or None


def _date(word: str) -> dt.date | None:
    for pattern in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return dt.datetime.strptime(word, pattern).date()  # noqa: DTZ007 - a birthday has no zone
        except ValueError:
            continue
    return None


def staff_with(permission: Permission) -> QuerySet[Staff]:
    """Active staff of every practice here who hold this permission by any of their roles."""
    roles = [role for role, permissions in ROLE_PERMISSIONS.items() if permission in permissions]
    return Staff.objects.filter(is_active=True, role_assignments__role__in=roles).distinct().order_by("pk")


def ids_of_record(practice_id: int, number: str) -> list[str]:
    """The patient with this record number, by public id; nobody: an empty list."""
    return list(Patient.objects.filter(practice_id=practice_id, mrn=number).values_list("public_id", flat=True))


def record_numbers(practice_id: int, public_ids: Collection[str]) -> dict[str, str]:
    """Public id → record number, of those who are on file."""
    # Asked in any case ("" is nobody's): a page costs the same whatever it shows.
    rows = Patient.objects.filter(practice_id=practice_id, public_id__in=["", *public_ids])
    return dict(rows.values_list("public_id", "mrn"))


def colleagues(practice_id: int) -> QuerySet[Staff]:
    """Everybody of a practice with their roles, in the order of their names; three queries whatever the number."""
    rows = Staff.objects.filter(practice_id=practice_id).select_related("user")
    return rows.prefetch_related("role_assignments__office").order_by("-is_active", "last_name", "first_name", "pk")


def clinicians(practice_id: int) -> QuerySet[Staff]:
    """Active staff who hold a clinical role."""
    rows = Staff.objects.filter(
        practice_id=practice_id, is_active=True, role_assignments__role__in=["clinician", "intern"]
    )
    return rows.prefetch_related("role_assignments").order_by("last_name", "first_name", "pk").distinct()


def offices_reached_by(practice_id: int, *, email: str = "", phone: str = "") -> list[Office]:
    """The home offices of a practice's patients with this address or number, at most two: one means we know where the
    writer belongs (TR-03). It proves nothing about who writes, and names nobody."""
    homes = Patient.objects.filter(practice_id=practice_id, deceased=False)
    if email:
        homes = homes.alias(lower_email=Lower("email")).filter(lower_email=email.lower())
    else:
        homes = homes.filter(phone=phone)
    if not (email or phone):
        return []
    rows = Office.objects.filter(pk__in=homes.order_by().values("home_office_id").distinct(), is_active=True)
    return list(rows.order_by("pk")[:2])


def colleague_at(practice_id: int, email: str) -> Staff | None:
    """The active member of staff whose own address this is; None for none or several."""
    found = (
        list(Staff.objects.filter(practice_id=practice_id, is_active=True, email__iexact=email)[:2]) if email else []
    )
    return found[0] if len(found) == 1 else None
