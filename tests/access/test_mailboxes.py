"""Why somebody cannot use the portal, with a sentence to read and a way to mend it (PC-29, C3); and who else reads the
mailbox before access is given (PC-39), at each of the doors that give it."""

import pytest

from portal_core.access import queries
from portal_core.access.enums import PortalState
from portal_core.access.models import PortalAccess
from portal_core.directory.models import Patient
from tests.access.factories import ProxyPersonFactory, set_access
from tests.access.programs import at, fields, program, send
from tests.cast import signed_in

WARNING = "Others use this e-mail address too"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def olivia(cast):
    return signed_in(cast.olivia)


@pytest.fixture
def shared(cast):
    """Paula has no access yet, and Pat the same mailbox in capitals."""
    set_access(cast.paula, level="none")
    Patient.objects.filter(pk=cast.pat.pk).update(email=cast.paula.email.upper())
    return cast.paula


def level(patient):
    return PortalAccess.objects.get(patient=patient).level


# --- reasons --------------------------------------------------------------------------------------------------------
SENTENCES = {
    "not_enabled": "I can do that for you now",
    "no_email": "We have no e-mail address of yours",
    "no_zip": "We have no zip code of your home",
}


@pytest.mark.parametrize("where", ["/desk/patients/{}/", "/desk/patients/{}/portal/"])
def test_each_reason_has_a_sentence_and_a_way_to_mend_it(cast, olivia, where):
    """PC-29, TR-08."""
    Patient.objects.filter(pk=cast.pat.pk).update(email="", zip="")
    set_access(cast.pat, level="none")
    shown = olivia.get(where.format(cast.pat.public_id)).content.decode()

    for reason, sentence in SENTENCES.items():
        assert f'data-reason="{reason}"' in shown
        assert sentence in shown
    assert f'href="/desk/patients/{cast.pat.public_id}/edit/"' in shown
    assert "Put the zip code on file" in shown
    assert "Put the e-mail address on file" in shown
    assert "Enable access</button>" not in shown  # not before address and zip code are there


def test_one_click_on_the_dash_enables_access(cast, olivia):
    set_access(cast.pat, level="none")
    dash = f"/desk/patients/{cast.pat.public_id}/"
    assert f'action="{dash}portal/level/"' in olivia.get(dash).content.decode()

    olivia.post(f"{dash}portal/level/", {"level": "can_access"})

    assert queries.portal_status(cast.pat).state == PortalState.UNACTIVATED
    assert f'action="{dash}portal/level/"' not in olivia.get(dash).content.decode()


def test_the_dash_says_manual_sign_in_only(cast, olivia):
    """C3."""
    set_access(cast.piet)

    assert (
        "Manual sign-in only: no self-service reset."
        in olivia.get(f"/desk/patients/{cast.piet.public_id}/").content.decode()
    )


def test_who_may_not_manage_access_gets_the_sentence_and_no_button(cast, staff_client):
    set_access(cast.pat, level="none")
    shown = staff_client(cast.carla).get(f"/desk/patients/{cast.pat.public_id}/").content.decode()

    assert SENTENCES["not_enabled"] in shown
    assert "portal/level/" not in shown


# --- who else reads the mailbox -------------------------------------------------------------------------------------
def test_the_tab_asks_first(cast, shared, olivia):
    path = f"/desk/patients/{shared.public_id}/portal/level/"
    refused = olivia.post(path, {"level": "can_access"})

    assert refused.status_code == 422
    assert WARNING in refused.content.decode()
    assert 'name="shared" value="1"' in refused.content.decode()
    assert level(shared) == "none"
    olivia.post(path, {"level": "can_access", "shared": "1"})
    assert level(shared) == "can_access"


def test_the_red_rectangle_asks_first(cast, shared, olivia):
    path = f"/desk/onboarding/{shared.public_id}/enable/"
    refused = olivia.post(path, headers=HTMX)

    assert refused.status_code == 422
    assert WARNING in refused.content.decode()
    assert 'name="shared" value="1"' in refused.content.decode()
    assert level(shared) == "none"
    without_scripts = olivia.post(path)
    assert without_scripts["Location"] == f"/desk/patients/{shared.public_id}/portal/"  # where the warning stands
    assert olivia.post(path, {"shared": "1"}, headers=HTMX).status_code == 200
    assert level(shared) == "can_access"


def test_adding_a_patient_asks_first(cast, olivia):
    typed = {
        "office": cast.north.public_id, "first_name": "New", "last_name": "Comer", "birth_date": "1990-01-01",
        "email": cast.pat.email, "zip_code": "62701", "phone": "", "mrn": "MRN-NEW", "may_activate": "on",
    }  # fmt: skip
    refused = olivia.post("/desk/add-patient/", typed)

    assert refused.status_code == 422
    assert WARNING in refused.content.decode()
    assert not Patient.objects.filter(mrn="MRN-NEW").exists()
    assert olivia.post("/desk/add-patient/", {**typed, "shared": "1"}).status_code == 302
    assert level(Patient.objects.get(mrn="MRN-NEW")) == "can_access"


def test_a_program_confirms_first(cast, shared):
    client, path = program(cast.olivia), at(shared, "portal/level/")
    refused = send(client, "put", path, {"level": "can_access"})

    assert (refused.status_code, fields(refused)) == (422, ["shared_confirmed"])
    assert level(shared) == "none"
    assert send(client, "put", path, {"level": "can_access", "shared_confirmed": True}).status_code == 200
    assert level(shared) == "can_access"


def test_who_acts_for_patients_reads_a_mailbox_too(cast):
    """In one query, those of another practice left out."""
    ProxyPersonFactory(practice=cast.practice, name="Mother Patient", email=cast.pat.email)
    ProxyPersonFactory(practice=cast.elsewhere_office.practice, name="Foreign", email=cast.pat.email)

    assert [row.name for row in queries.sharing_mailbox(cast.pat, cast.pat.email)] == ["Mother Patient"]
