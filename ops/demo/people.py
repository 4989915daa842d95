"""The demo's practice: 18 offices (seed S2), forty colleagues, four hundred patients, and the people one signs in as.

Deterministic: the same names, ids and dates on every machine; only the one password hash has a fresh salt.
"""

import datetime as dt
import random
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.db import transaction

from ops.demo import names
from portal_core.directory.enums import Role
from portal_core.directory.models import Office, Patient, Practice, RoleAssignment, Staff
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.enums import Realm
from portal_core.kernel.ids import ALPHABET, LENGTH

if TYPE_CHECKING:
    from portal_core.accounts.models import User

PASSWORD = "demo-please-change"  # noqa: S105 - printed by the command that creates it, and only ever created there
MARK = "demo-larkfield-health-group"  # the practice's FHIR id: how the demo knows its own
SLUG = "larkfield"
SEED = 18
PATIENTS = 400
EPOCH = dt.datetime(2026, 1, 5, 15, 0, tzinfo=dt.UTC)  # what was put on file before the demo begins


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody a newcomer can sign in as (design.md section 6)."""

    username: str
    first_name: str
    last_name: str
    what: str
    roles: tuple[Role, ...] = ()
    office: int | None = 0  # place in names.OFFICES; None for the whole practice
    teletherapy: bool = False
    signs_in: bool = True


STAFF = (
    SignIn("olivia", "Olivia", "Marsh", "office staff, Larkfield Main Street", (Role.OFFICE_STAFF,)),
    SignIn("oscar", "Oscar", "Boyd", "office manager, Ashgrove", (Role.OFFICE_MANAGER,), office=2),
    SignIn("ian", "Ian", "Fox", "IT triage", (Role.IT_AGENT,), office=None),
    SignIn("ines", "Ines", "Duarte", "IT lead", (Role.IT_LEAD,), office=None),
    SignIn("carla", "Carla", "Reyes", "clinician with telehealth", (Role.CLINICIAN,), teletherapy=True),
    SignIn("dan", "Dan", "Whitlock", "clinician without telehealth", (Role.CLINICIAN,)),
    SignIn(
        "ana", "Ana", "Castellan", "owner and practice administrator", (Role.OWNER, Role.ADMINISTRATOR), office=None
    ),
    SignIn("omar", "Omar", "Haddad", "operator of the status page", (Role.STATUS_OPERATOR,), office=None),
)
PATIENT_SIGN_INS = (
    SignIn("pat", "Pat", "Lindqvist", "active patient"),
    SignIn(
        "paula",
        "Paula",
        "Okafor",
        "not activated: create her account (paula@patients.example, 11/02/1991, 62790)",
        signs_in=False,
    ),
    SignIn("piet", "Piet", "Vandermeer", "inactive: no e-mail on file, so no sign-in", signs_in=False),
)


@transaction.atomic
def create() -> Practice:
    """The practice and everybody in it; a second call changes nothing."""
    known = Practice.objects.filter(fhir_id=MARK).first()
    if known is not None:
        return known
    dice = random.Random(SEED)  # noqa: S311 - a demo that is the same everywhere
    practice = Practice.objects.create(
        public_id=_id(dice),
        name="Larkfield Health Group",
        slug=SLUG,
        time_zone="America/Chicago",
        fhir_id=MARK,
        telehealth_enabled=True,
        self_registration=True,
    )
    offices = _offices(practice, dice)
    password = make_password(PASSWORD)
    clinicians = _staff(practice, offices, password, dice)
    _patients(practice, offices, clinicians, password, dice)
    audit.record("demo:create", by=SYSTEM, target=practice, practice_id=practice.pk, at=clock.now())
    return practice


def staff(username: str) -> Staff:
    """One of the demo's staff by the name they sign in with."""
    return Staff.objects.select_related("practice", "user").get(user__username=username, practice__fhir_id=MARK)


def patient(name: str) -> Patient:
    """pat, paula or piet."""
    return Patient.objects.select_related("practice", "home_office", "user").get(
        practice__fhir_id=MARK, fhir_id=f"demo-{name}"
    )


def has_foreign_data() -> bool:
    """Whether this database holds a practice or sign-in that the demo did not make."""
    if Practice.objects.exclude(fhir_id=MARK).exists():
        return True
    mine = {"staff__practice__fhir_id": MARK}, {"patient__practice__fhir_id": MARK}
    return get_user_model().objects.exclude(**mine[0]).exclude(**mine[1]).exists()


def _id(dice: random.Random) -> str:
    return "".join(dice.choices(ALPHABET, k=LENGTH))


def _phone(number: int) -> str:
    """+1 217 555 01xx: numbers set aside for fiction."""
    return f"+121755501{number % 100:02d}"


def _offices(practice: Practice, dice: random.Random) -> list[Office]:
    return Office.objects.bulk_create(
        Office(
            public_id=_id(dice),
            practice=practice,
            name=name,
            phone=_phone(place),
            street=f"{100 + 12 * place} {dice.choice(names.STREETS)}",
            city=city,
            state="IL",
            zip=zip_code,
            is_main=place == 0,
            fhir_id=f"demo-office-{place + 1:02d}",
        )
        for place, (name, city, zip_code) in enumerate(names.OFFICES)
    )


def _staff(practice: Practice, offices: list[Office], password: str, dice: random.Random) -> list[Staff]:
    """Everybody who works here; returns the clinicians."""
    users = _users((one.username for one in STAFF), Realm.STAFF, password, dice)
    rows: list[Staff] = []
    given: list[tuple[Staff, Role, Office | None, bool]] = []

    def hire(first: str, last: str, key: str, *posts: tuple[Role, Office | None], on: bool = False) -> Staff:
        person = Staff(
            public_id=_id(dice),
            practice=practice,
            user=users.get(key),
            first_name=first,
            last_name=last,
            email=f"{first}.{last}@larkfield.example".lower(),
            phone=_phone(20 + len(rows)),
            fhir_id=f"demo-{key}",
            room_slug=_id(dice),
        )
        rows.append(person)
        given.extend((person, role, office, on) for role, office in posts)
        return person

    for one in STAFF:
        place = None if one.office is None else offices[one.office]
        hire(one.first_name, one.last_name, one.username, *((role, place) for role in one.roles), on=one.teletherapy)
    pool = names.people(dice, 34)
    for number, office in enumerate(offices):
        hire(*next(pool), f"desk-{number + 1:02d}", (Role.OFFICE_STAFF, office))
    for number in range(10):
        hire(*next(pool), f"clinician-{number + 1:02d}", (Role.CLINICIAN, offices[number]), on=number % 2 == 0)
    hire(*next(pool), "manager", (Role.MANAGER, None))
    hire(*next(pool), "scheduler", (Role.SCHEDULER, None))
    hire(*next(pool), "biller", (Role.BILLER, None))
    hire(*next(pool), "privacy", (Role.PRIVACY_OFFICER, None))
    Staff.objects.bulk_create(rows)
    RoleAssignment.objects.bulk_create(
        RoleAssignment(staff=person, role=role, office=office, teletherapy=on) for person, role, office, on in given
    )
    return [person for person, role, _office, _on in given if role is Role.CLINICIAN]


def _patients(
    practice: Practice, offices: list[Office], clinicians: list[Staff], password: str, dice: random.Random
) -> None:
    users = _users(("pat",), Realm.PATIENT, password, dice)
    main, carla = offices[0], clinicians[0]
    rows = [
        _patient(one, number, practice, main, users.get(one.username), carla, dice)
        for number, one in enumerate(PATIENT_SIGN_INS)
    ]
    pool = names.people(dice, PATIENTS)
    weights = [4, 2, *([1] * (len(offices) - 2))]
    for number in range(len(rows), PATIENTS):
        first, last = next(pool)
        office = dice.choices(offices, weights)[0]
        has_email, has_zip = dice.random() > 0.08, dice.random() > 0.03
        since = EPOCH - dt.timedelta(days=dice.randint(3, 2200))
        rows.append(
            Patient(
                public_id=_id(dice),
                practice=practice,
                home_office=office,
                primary_clinician=dice.choice(clinicians),
                mrn=f"L{100000 + number * 7}",
                first_name=first,
                last_name=last,
                birth_date=dt.date(1938, 1, 1) + dt.timedelta(days=dice.randint(0, 31000)),
                email=f"{first}.{last}.{number}@patients.example".lower() if has_email else "",
                email_since=since if has_email else None,
                phone=_phone(number),
                phone_since=since,
                street=f"{dice.randint(10, 990)} {dice.choice(names.STREETS)}",
                city=office.city,
                state="IL",
                zip=office.zip if has_zip else "",
                language="es" if dice.random() < 0.12 else "en",
                deceased=dice.random() < 0.02,
                fhir_id=f"demo-patient-{number + 1:03d}",
            )
        )
    Patient.objects.bulk_create(rows)


def _patient(
    one: SignIn,
    number: int,
    practice: Practice,
    office: Office,
    user: "User | None",
    clinician: Staff,
    dice: random.Random,
) -> Patient:
    has_email = one.username != "piet"
    born = {"pat": dt.date(1984, 5, 17), "paula": dt.date(1991, 11, 2), "piet": dt.date(1952, 2, 28)}
    return Patient(
        public_id=_id(dice),
        practice=practice,
        home_office=office,
        user=user,
        primary_clinician=clinician,
        mrn=f"L{100000 + number * 7}",
        first_name=one.first_name,
        last_name=one.last_name,
        birth_date=born[one.username],
        email=f"{one.username}@patients.example" if has_email else "",
        email_since=EPOCH - dt.timedelta(days=400) if has_email else None,
        phone=_phone(70 + number),
        phone_since=EPOCH - dt.timedelta(days=400),
        street=f"{12 + number} Mill Lane",
        city=office.city,
        state="IL",
        zip=office.zip,
        language="en",
        fhir_id=f"demo-{one.username}",
    )


def _users(usernames: Iterable[str], realm: Realm, password: str, dice: random.Random) -> dict[str, "User"]:
    """One hash for all: Argon2 costs 50 ms on purpose, and the demo has 15 seconds."""
    model = get_user_model()
    rows = [model(public_id=_id(dice), username=name, realm=realm, password=password) for name in usernames]
    return {row.username: row for row in model.objects.bulk_create(rows)}
