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
    staff = Staff.objects.create(
        practice=practice,
        user=make_user(first.lower(), Realm.STAFF),
        first_name=first,
        last_name=last,
        email=f"{first.lower()}@staff.example",
    )
    for role, office in roles:
        on = teletherapy and role in (Role.CLINICIAN, Role.INTERN)
        RoleAssignment.objects.create(staff=staff, role=role, office=office, teletherapy=on)
    return staff


def make_patient(first: str, office: Office, mrn: str, *, user: User | None = None, **fields: object) -> Patient:
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
    return Patient.objects.create(
        practice=office.practice, home_office=office, user=user, mrn=mrn, first_name=first, **values
    )


@pytest.fixture
def cast(db: None) -> Cast:
    practice = Practice.objects.create(
        name="Larkfield Health Group", slug="larkfield", time_zone="America/Chicago", telehealth_enabled=True
    )
    north = Office.objects.create(practice=practice, name="North", phone="+12175550101", is_main=True)
    south = Office.objects.create(practice=practice, name="South", phone="+12175550102")
    west = Office.objects.create(practice=practice, name="West", phone="+12175550103")
    elsewhere = Practice.objects.create(name="Elsewhere Clinic", slug="elsewhere", time_zone="America/New_York")
    elsewhere_office = Office.objects.create(practice=elsewhere, name="Elsewhere Office", phone="+12175550199")
    since = dt.datetime(2026, 1, 5, 15, tzinfo=dt.UTC)
    pat = make_patient("Pat", north, "MRN-PAT", user=make_user("pat", Realm.PATIENT), email_since=since)
    PortalAccess.objects.create(
        patient=pat,
        level=AccessLevel.CAN_ACCESS,
        enabled_at=since,
        enabled_by="Olivia Staff",
        first_access_at=since,
        last_access_at=since,
    )
    carla = make_staff("Carla", practice, (Role.CLINICIAN, north), teletherapy=True)
    pat.primary_clinician = carla
    pat.save(update_fields=["primary_clinician"])
    return Cast(
        practice=practice,
        north=north,
        south=south,
        west=west,
        olivia=make_staff("Olivia", practice, (Role.OFFICE_STAFF, north)),
        oscar=make_staff("Oscar", practice, (Role.OFFICE_MANAGER, south)),
        ian=make_staff("Ian", practice, (Role.IT_AGENT, None)),
        ines=make_staff("Ines", practice, (Role.IT_LEAD, None)),
        carla=carla,
        dan=make_staff("Dan", practice, (Role.CLINICIAN, north)),
        ana=make_staff("Ana", practice, (Role.OWNER, None), (Role.ADMINISTRATOR, None)),
        omar=make_staff("Omar", practice, (Role.STATUS_OPERATOR, None)),
        pat=pat,
        paula=make_patient("Paula", north, "MRN-PAULA"),
        piet=make_patient("Piet", north, "MRN-PIET", email=""),
        elsewhere=elsewhere,
        elsewhere_office=elsewhere_office,
        charlie=make_staff("Charlie", elsewhere, (Role.OFFICE_STAFF, elsewhere_office), (Role.CLINICIAN, None)),
        charlie_patient=make_patient(
            "Charlie", elsewhere_office, "MRN-CHARLIE", user=make_user("charlie-patient", Realm.PATIENT)
        ),
    )


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
