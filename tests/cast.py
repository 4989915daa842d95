"""The cast: the same few people in every story. Their passwords are hashed once."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client

from portal_core.access.enums import AccessLevel
from portal_core.access.models import PortalAccess
from portal_core.accounts.models import User
from portal_core.directory.enums import Role
from portal_core.directory.models import Office, Patient, Practice, RoleAssignment, Staff
from portal_core.kernel.enums import Realm

PASSWORD = "correct horse battery"
_hashes: dict[str, str] = {}


def hashed(password: str = PASSWORD) -> str:
    """Argon2 costs 50 ms on purpose; one hash serves the whole run."""
    if password not in _hashes:
        _hashes[password] = make_password(password)
    return _hashes[password]


@dataclass(slots=True)
class Cast:
    practice: Practice
    north: Office
    south: Office
    west: Office
    olivia: Staff
    oscar: Staff
    ian: Staff
    ines: Staff
    carla: Staff
    dan: Staff
    ana: Staff
    omar: Staff
    pat: Patient
    paula: Patient
    piet: Patient
    elsewhere: Practice
    elsewhere_office: Office
    charlie: Staff
    charlie_patient: Patient


def make_user(username: str, realm: Realm, **fields: object) -> User:
    user = User(username=username, realm=realm, password=hashed(), **fields)
    user.save()
    return user


def make_staff(
    first: str, practice: Practice, *roles: tuple[Role, Office | None], teletherapy: bool = False, last: str = "Staff"
) -> Staff:
    """A staff member who can sign in as their lower-cased first name."""
    staff = staff_member(first, practice, make_user(first.lower(), Realm.STAFF), last=last)
    staff.save()
    for role, office in roles:
        on = teletherapy and role in (Role.CLINICIAN, Role.INTERN)
        RoleAssignment.objects.create(staff=staff, role=role, office=office, teletherapy=on)
    return staff


def staff_member(first: str, practice: Practice, user: User, *, last: str = "Staff") -> Staff:
    email = f"{first.lower()}@staff.example"
    return Staff(practice=practice, user=user, first_name=first, last_name=last, email=email)


def patient(first: str, office: Office, mrn: str, *, user: User | None = None, **fields: object) -> Patient:
    values: dict[str, object] = {
        "last_name": "Patient",
        "birth_date": dt.date(1980, 5, 17),
        "email": f"{first.lower()}@patients.example",
        "phone": "+12175550100",
        "street": "1 Main Street",
        "city": "Larkfield",
        "state": "IL",
        "zip": "62701",
        "language": "en",
        **fields,
    }
    return Patient(practice=office.practice, home_office=office, user=user, mrn=mrn, first_name=first, **values)


def make_patient(first: str, office: Office, mrn: str, *, user: User | None = None, **fields: object) -> Patient:
    one = patient(first, office, mrn, user=user, **fields)
    one.save()
    return one


@pytest.fixture
def cast(db: None) -> Cast:
    """One INSERT per table: most tests begin with these people."""
    practice, elsewhere = Practice.objects.bulk_create(
        [
            Practice(
                name="Larkfield Health Group", slug="larkfield", time_zone="America/Chicago", telehealth_enabled=True
            ),
            Practice(name="Elsewhere Clinic", slug="elsewhere", time_zone="America/New_York"),
        ]
    )
    north, south, west, elsewhere_office = Office.objects.bulk_create(
        [
            Office(practice=practice, name="North", phone="+12175550101", is_main=True),
            Office(practice=practice, name="South", phone="+12175550102"),
            Office(practice=practice, name="West", phone="+12175550103"),
            Office(practice=elsewhere, name="Elsewhere Office", phone="+12175550199"),
        ]
    )
    roles: dict[str, list[tuple[Role, Office | None]]] = {
        "Carla": [(Role.CLINICIAN, north)],
        "Olivia": [(Role.OFFICE_STAFF, north)],
        "Oscar": [(Role.OFFICE_MANAGER, south)],
        "Ian": [(Role.IT_AGENT, None)],
        "Ines": [(Role.IT_LEAD, None)],
        "Dan": [(Role.CLINICIAN, north)],
        "Ana": [(Role.OWNER, None), (Role.ADMINISTRATOR, None)],
        "Omar": [(Role.STATUS_OPERATOR, None)],
        "Charlie": [(Role.OFFICE_STAFF, elsewhere_office), (Role.CLINICIAN, None)],
    }
    names = [(name.lower(), Realm.STAFF) for name in roles]
    names += [("pat", Realm.PATIENT), ("charlie-patient", Realm.PATIENT)]
    users = {
        user.username: user
        for user in User.objects.bulk_create(
            User(username=name, realm=realm, password=hashed()) for name, realm in names
        )
    }
    staff = {
        person.first_name.lower(): person
        for person in Staff.objects.bulk_create(
            staff_member(name, elsewhere if name == "Charlie" else practice, users[name.lower()]) for name in roles
        )
    }
    RoleAssignment.objects.bulk_create(
        RoleAssignment(staff=staff[name.lower()], role=role, office=office, teletherapy=name == "Carla")
        for name, given in roles.items()
        for role, office in given
    )
    since = dt.datetime(2026, 1, 5, 15, tzinfo=dt.UTC)
    pat, paula, piet, charlie_patient = Patient.objects.bulk_create([
        patient(
            "Pat", north, "MRN-PAT", user=users["pat"], email_since=since, primary_clinician=staff["carla"]
        ),
        patient("Paula", north, "MRN-PAULA"),
        patient("Piet", north, "MRN-PIET", email=""),
        patient("Charlie", elsewhere_office, "MRN-CHARLIE", user=users["charlie-patient"]),
    ])  # fmt: skip
    PortalAccess.objects.create(
        patient=pat,
        level=AccessLevel.CAN_ACCESS,
        enabled_at=since,
        enabled_by="Olivia Staff",
        first_access_at=since,
        last_access_at=since,
    )
    return Cast(
        practice=practice, north=north, south=south, west=west, elsewhere=elsewhere, elsewhere_office=elsewhere_office,
        pat=pat, paula=paula, piet=piet, charlie_patient=charlie_patient, **staff,
    )  # fmt: skip


def signed_in(person: Staff | Patient, *, client: Client | None = None) -> Client:
    """A client with the session a real sign-in leaves behind, without paying for the hashing."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from portal_core.accounts.sessions import COOKIES, mark_started, new_store
    from portal_core.kernel import clock

    user = person.user
    assert user is not None, f"{person.first_name} has no sign-in"
    realm = Realm(user.realm)
    session = new_store()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    mark_started(session, realm, clock.now())
    session.create()
    client = client or Client()
    client.cookies[COOKIES[realm]] = str(session.session_key)
    return client


@pytest.fixture
def staff_client(db: None) -> Callable[[Staff], Client]:
    """`staff_client(cast.olivia)`: a test client signed in to the staff realm."""
    return signed_in


@pytest.fixture
def patient_client(db: None) -> Callable[[Patient], Client]:
    """`patient_client(cast.pat)`: a test client signed in to the patients' realm."""
    return signed_in


def sign_in_by_form(client: Client, realm: Realm, username: str, password: str = PASSWORD, **extra: str) -> object:
    """Through the real page."""
    path = "/desk/sign-in/" if realm is Realm.STAFF else "/portal/sign-in/"
    return client.post(path, {"username": username, "password": password, **extra})
