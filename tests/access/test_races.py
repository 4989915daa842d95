"""Two at the same moment: one link, one PIN, one registration, one patient. One wins, one is told, nothing is lost.

On PostgreSQL (`-p tests.scaled`) the locks of rows are what is tried; SQLite lets one writer in at a time.
"""

import datetime as dt
import threading
import time

import pytest
from django.db import connection, transaction

from portal_core.access import errors
from portal_core.access.actions import newcomers, pins, portal
from portal_core.access.enums import AccessLevel, TokenPurpose
from portal_core.access.models import AccessToken, PortalAccess, RegistrationPin
from portal_core.access.queries import address_hold
from portal_core.accounts.models import User
from portal_core.directory.actions import patients
from portal_core.directory.errors import ContactChanged
from portal_core.directory.fhir.parse import Address, PatientRow
from portal_core.directory.models import Patient
from portal_core.directory.rules.contact import contact_digest
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM
from portal_core.kernel.models import AuditEvent
from tests.access.factories import AccessTokenFactory, RegistrationFactory, refresh, set_access, take
from tests.cast import make_patient
from tests.kernel.crowd import at_once

pytestmark = pytest.mark.django_db(transaction=True)

OWN = "a few plain words 42"


def kinds(results) -> list[str]:
    """The refusals by name, the rest as "done"."""
    return sorted(type(one).__name__ if isinstance(one, Exception) else "done" for one in results)


def ledger(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def test_two_activations_of_one_link(cast):
    """PC-43, PC-46: one user name and one password come of it, those of the one who was first."""
    set_access(cast.paula)
    AccessTokenFactory(patient=cast.paula, secret="one-link", sent_to_hash=portal.digest("paula@patients.example"))

    def activate(name):
        return lambda: portal.set_password(token="one-link", username=name, password=OWN, by=cast.paula.actor)

    results = at_once(activate("paula-one"), activate("paula-two"))

    assert kinds(results) == ["LinkUnusable", "done"]
    winner = "paula-one" if isinstance(results[1], errors.LinkUnusable) else "paula-two"
    assert refresh(cast.paula).user.username == winner
    assert User.objects.filter(username__startswith="paula-").count() == 1
    assert ledger("access:set_password") == 1


def test_one_pin_by_two_people_at_once(cast, check):
    """PC-56: both may reach the page behind it, only the newer one can save there."""
    set_access(cast.piet)
    code = pins.issue(patient=cast.piet, attestation_id="att-1", by=cast.olivia.actor)

    def exchange():
        return pins.exchange(code=code, last_name="Patient", birth_date=dt.date(1980, 5, 17), by=SYSTEM)

    tokens = at_once(exchange, exchange)

    assert kinds(tokens) == ["done", "done"]
    assert AccessToken.objects.filter(patient=cast.piet, superseded_at=None, used_at=None).count() == 1
    saved = at_once(
        *(
            lambda token=token, n=n: portal.set_password(
                token=token, username=f"piet-{n}", password=OWN, by=cast.piet.actor
            )
            for n, token in enumerate(tokens)
        )
    )
    assert kinds(saved) == ["LinkUnusable", "done"]
    assert RegistrationPin.objects.get().used_at is not None


def test_one_registration_confirmed_twice_at_once(cast):
    """PC-36: access goes on once, and one link leads on."""
    nora = make_patient("Nora", cast.north, "MRN-NORA")
    RegistrationFactory(office=cast.north, patient=nora, hash=portal.digest("once"))

    results = at_once(*[lambda: newcomers.confirm(secret="once", by=SYSTEM)] * 2)

    assert kinds(results) == ["RegistrationLinkUnusable", "done"]
    assert PortalAccess.objects.get(patient=nora).level == AccessLevel.CAN_ACCESS
    assert ledger("access:set_level") == AccessToken.objects.filter(purpose=TokenPurpose.INVITE).count() == 1


def test_two_staff_editing_one_patient(cast):
    """PC-42, PC-75: both began from the same page; the first is saved whole, the second is told."""
    seen = contact_digest(cast.piet)

    def edit(staff, **values):
        return lambda: patients.update_contact(patient=cast.piet, values=values, seen=seen, by=staff.actor)

    results = at_once(edit(cast.olivia, city="Northtown"), edit(cast.oscar, street="2 Side Street"))

    assert kinds(results) == [ContactChanged.__name__, "done"]
    row = refresh(cast.piet)
    assert (row.city, row.street) in {("Northtown", "1 Main Street"), ("Larkfield", "2 Side Street")}
    assert ledger("patient:update-contact") == 1


# --- while the records of another system come in ----------------------------------------------------------------------
def as_imported(patient: Patient, **stated) -> PatientRow:
    values = {
        "fhir_id": patient.fhir_id, "mrn": patient.mrn, "first_name": patient.first_name,
        "last_name": patient.last_name, "preferred_name": "", "birth_date": patient.birth_date, "email": "",
        "phone": "", "address": Address(), "language": "", "deceased": False,
    }  # fmt: skip
    return PatientRow(**{**values, **stated})


@pytest.fixture
def imported(cast):
    """Paula and Piet, as the other system knows them."""
    for patient in (cast.paula, cast.piet):
        patient.fhir_id = f"fhir-{patient.mrn}"
        patient.save(update_fields=["fhir_id"])
    return cast


def someone_waits_for_a_lock() -> bool:
    """Who asks inside a transaction is told of activity as it was at the first asking, but of locks as they are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_what_staff_save_while_an_import_runs_is_not_undone(imported):
    """The import states Paula's zip and Piet's phone; meanwhile the office saves Paula's phone. All three stay."""
    rows = [
        (1, as_imported(imported.paula, address=Address(zip="62799"))),
        (2, as_imported(imported.piet, phone="+12175550111")),
    ]

    def load():
        try:
            with transaction.atomic():
                take(imported.practice, rows)
        finally:
            connection.close()

    importing = threading.Thread(target=load)
    with transaction.atomic():
        patients.update_contact(
            patient=imported.paula, values={"phone": "+12175550122"}, by=imported.olivia.actor
        )  # fmt: skip
        importing.start()
        if connection.vendor == "postgresql":  # it has read what was there before, and now waits for this row
            until = time.monotonic() + 20
            while not someone_waits_for_a_lock():
                assert time.monotonic() < until, "the import waits for nobody"
    importing.join(30)

    paula = refresh(imported.paula)
    assert (paula.phone, paula.zip) == ("+12175550122", "62799")
    assert refresh(imported.piet).phone == "+12175550111"


def test_enabling_while_an_import_changes_the_address(imported):
    """PC-34, PC-38, PC-42: nothing is lost, and only the address that stands at the end may have a link that opens."""
    row = as_imported(imported.paula, email="new@patients.example")

    def load():
        with transaction.atomic():
            take(imported.practice, [(1, row)])

    def enable():
        portal.set_level(patient=imported.paula, level=AccessLevel.CAN_ACCESS, by=imported.olivia.actor)
        return portal.resend_invitation(patient=imported.paula, by=imported.olivia.actor)

    assert kinds(at_once(load, enable)) in (["done", "done"], ["AddressOnHold", "done"])

    paula = refresh(imported.paula)
    assert paula.email == "new@patients.example"
    assert PortalAccess.objects.get(patient=paula).level == AccessLevel.CAN_ACCESS
    link = AccessToken.objects.select_related("patient").filter(patient=paula).first()
    if address_hold(paula, clock.now()) is None:  # enabled when the new address stood there already
        assert link.sent_to_hash == portal.digest("new@patients.example")
        assert portal._is_good(link, clock.now())
    else:
        assert link is None or not portal._is_good(link, clock.now())
