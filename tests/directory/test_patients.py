"""The patient list, the dash, the search: whose patients one sees, and that each look is written down."""

import pytest

from portal_core.directory import access, queries
from portal_core.directory.enums import Permission, Role
from portal_core.directory.errors import PatientNotFound, StaffNotFound
from portal_core.directory.models import Patient
from portal_core.kernel.errors import Forbidden
from portal_core.kernel.models import AuditEvent
from tests.cast import make_patient, make_staff

LIST = "/desk/patients/"


def ledger() -> list[tuple[str, str, str]]:
    return [(row.action, row.actor_label, row.target_id) for row in AuditEvent.objects.order_by("id")]


@pytest.mark.parametrize(
    ("who", "sees"),
    [("olivia", True), ("carla", True), ("dan", True), ("ana", True), ("oscar", False), ("ian", False),
     ("ines", False), ("omar", False), ("charlie", False)],
)  # fmt: skip
def test_who_finds_pat(cast, who, sees):
    """TR-01, TR-03: the patient's own office and nobody of IT; a stranger learns nothing."""
    staff = getattr(cast, who)

    if sees:
        assert access.patient_for(staff, cast.pat.public_id, to=Permission.PATIENT_READ) == cast.pat
        assert ledger() == [("patient:read", staff.name, cast.pat.public_id)]
    else:
        with pytest.raises(PatientNotFound):
            access.patient_for(staff, cast.pat.public_id, to=Permission.PATIENT_READ)
        assert ledger() == []


def test_seeing_is_not_doing(cast):
    with pytest.raises(Forbidden):
        access.patient_for(cast.carla, cast.pat.public_id, to=Permission.PORTAL_ACCESS)
    assert ledger() == []


@pytest.mark.parametrize(
    ("who", "status"),
    [("olivia", 200), ("carla", 200), ("ana", 200), ("oscar", 404), ("charlie", 404), ("ian", 403), ("omar", 403)],
)
def test_the_dash_over_http(cast, staff_client, who, status):
    response = staff_client(getattr(cast, who)).get(f"/desk/patients/{cast.pat.public_id}/")

    assert response.status_code == status
    assert AuditEvent.objects.filter(action="patient:read").count() == (1 if status == 200 else 0)


def test_the_dash_shows_who_it_is_and_tells_the_panels(cast, staff_client):
    """PC-24, PC-75"""
    response = staff_client(cast.olivia).get(f"/desk/patients/{cast.pat.public_id}/")
    page = response.content.decode()

    for text in ("Patient, Pat", "MRN-PAT", "May 17, 1980", "pat@patients.example", "62701", "North", "Carla Staff"):
        assert text in page
    assert response.wsgi_request.patient_in_view == cast.pat


def test_a_name_never_stands_in_the_address(cast, staff_client):
    client = staff_client(cast.olivia)

    page = client.post(LIST, {"q": "pat"}).content.decode()

    assert "?q=" not in page
    assert "Pat" not in client.get(LIST).wsgi_request.get_full_path()
    assert ("patient:search", "Olivia Staff", "") in ledger()
    assert all("pat" not in str(row.facts).lower() for row in AuditEvent.objects.all())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("pat", ["Pat", "Paula", "Piet"]),  # "Patient" is everybody's last name
        ("pau", ["Paula"]),
        ("piet patient", ["Piet"]),
        ("patient, piet", ["Piet"]),
        ("mrn-paula", ["Paula"]),
        ("mrn-pat", ["Pat"]),  # though everybody's words begin with mrn and pat
        ("PAULA@patients.example", ["Paula"]),
        ("1980-05-17 piet", ["Piet"]),
        ("5/17/1980 pau", ["Paula"]),
        ("0100 pau", ["Paula"]),
        ("(217) 555-0100 pau", ["Paula"]),
        ("+1 217.555.0100 piet", ["Piet"]),
        ("5550", []),  # numbers are found by their end
        ("tient", []),  # and names by their beginning
        ("charlie", []),
        ("%", []),
        ("'; drop table", []),
        ("", ["Pat", "Paula", "Piet"]),
        ("    ", ["Pat", "Paula", "Piet"]),
    ],
)
def test_search(cast, text, found):
    page = queries.patients(cast.olivia, text=text)

    assert [row.first_name for row in page.patients] == found


@pytest.mark.parametrize(
    "text",
    [
        "nunez", "NÚÑEZ", "jones", "nuñez jones", "nunez-jones", "nunezjones", "o'brien", "o’brien", "obrien", "brien",
        "d'arcy o'brien", "zoe", "strasse", "ostergard", "42", "a-42", "a42", "A 42", "004217",
    ],
)  # fmt: skip
def test_a_name_is_found_as_people_type_it(cast, text):
    """By the beginning of each of its words, with accents and hyphens or without."""
    other = make_patient("Zo", cast.north, "B-43", last_name="Nu", preferred_name="", phone="+12175550042")
    one = make_patient(
        "Zoë D’Arcy O'Brien", cast.north, "A-42", last_name="Núñez-Jones", preferred_name="Østergård Straße",
        phone="+12175004217",
    )  # fmt: skip

    found = queries.patients(cast.olivia, text=text).patients

    assert one in found
    assert other not in found or text == "42"


def test_what_a_database_keeps_follows_the_row(cast):
    patient = make_patient("Maria", cast.north, "C-1", last_name="Before")
    assert queries.patients(cast.olivia, text="before").patients == [patient]

    Patient.objects.filter(pk=patient.pk).update(last_name="After")

    assert queries.patients(cast.olivia, text="before").patients == []
    assert queries.patients(cast.olivia, text="after").patients == [patient]


def test_search_stays_in_ones_offices(cast):
    assert queries.patients(cast.oscar, text="pat").patients == []
    assert list(queries.search_patients(cast.ian, "pat")) == []


def test_pages_go_on_where_the_last_one_ended(cast):
    for number in range(7):
        make_patient(f"P{number}", cast.north, f"M{number}", last_name="Same" if number < 4 else "Twin")
    make_patient("P0", cast.north, "M-again", last_name="Same")  # the same name twice
    names, after, pages = [], "", 0
    while True:
        page = queries.patients(cast.olivia, after=after, limit=3)
        names += [row.mrn for row in page.patients]
        pages += 1
        after = page.after
        if not after:
            break

    everybody = Patient.objects.filter(home_office=cast.north).order_by("last_name", "first_name", "pk")
    assert names == [row.mrn for row in everybody]
    assert pages == 4


def test_a_page_after_somebody_elses_patient_starts_from_the_beginning(cast):
    assert len(queries.patients(cast.olivia, after=cast.charlie_patient.public_id).patients) == 3


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(cast, staff_client, rows, django_assert_num_queries):
    Patient.objects.filter(pk__in=[cast.piet.pk, cast.paula.pk][: 3 - rows]).delete()
    client = staff_client(cast.olivia)
    client.get("/desk/me/")
    with django_assert_num_queries(6):  # session, user, staff, roles, patients, ledger line
        page = client.get(LIST, HTTP_HX_REQUEST="true")
    assert page.content.decode().count("MRN-") == rows


@pytest.mark.parametrize("rows", [1, 3])
def test_the_staff_list_costs_the_same_for_one_and_three(cast, staff_client, rows, django_assert_num_queries):
    boss = make_staff("Boss", cast.elsewhere, (Role.OWNER, None), (Role.CLINICIAN, cast.elsewhere_office))
    cast.charlie.delete()
    for number in range(rows - 1):
        make_staff(f"Extra{number}", cast.elsewhere, (Role.OFFICE_STAFF, cast.elsewhere_office))
    client = staff_client(boss)
    with django_assert_num_queries(7):  # session, user, staff, roles, colleagues, their roles, offices
        page = client.get("/desk/settings/staff/")
    assert len(page.context["colleagues"]) == rows


def test_a_search_that_is_too_long_is_refused(cast, staff_client):
    response = staff_client(cast.olivia).post(LIST, {"q": "x" * 121})

    assert response.status_code == 422


def test_nobody_found_says_what_to_do(cast, staff_client):
    page = staff_client(cast.olivia).post(LIST, {"q": "zzz"}).content.decode()

    assert "Nobody found" in page


def edit(client, patient, **values):
    form = {
        "preferred_name": "", "birth_date": "1980-05-17", "email": patient.email, "phone": patient.phone,
        "street": patient.street, "city": patient.city, "state": patient.state, "zip": patient.zip, "language": "en",
    }  # fmt: skip
    return client.post(f"/desk/patients/{patient.public_id}/edit/", {**form, **values})


def test_contact_data_can_be_put_on_file(cast, staff_client):
    """PC-75"""
    response = edit(staff_client(cast.olivia), cast.piet, email="piet@patients.example")

    assert (response.status_code, response.url) == (302, f"/desk/patients/{cast.piet.public_id}/")
    piet = Patient.objects.get(pk=cast.piet.pk)
    assert piet.email == "piet@patients.example"
    assert piet.email_since is not None
    row = AuditEvent.objects.get(action="patient:update-contact")
    assert row.facts == {"fields": ["email"]}


def test_saving_what_is_there_already_changes_nothing(cast, staff_client):
    assert edit(staff_client(cast.olivia), cast.pat).status_code == 302
    assert not AuditEvent.objects.filter(action="patient:update-contact").exists()


def test_taking_the_email_away_ends_the_patients_sessions(cast, staff_client, patient_client):
    """C12"""
    portal = patient_client(cast.pat)
    assert portal.get("/portal/password/").status_code == 200

    edit(staff_client(cast.olivia), cast.pat, email="")

    assert portal.get("/portal/password/").status_code == 302
    assert Patient.objects.get(pk=cast.pat.pk).email_since is None


def test_two_who_edit_one_patient_lose_nothing(cast, staff_client):
    """The second is told, sees what is on file now beside what they typed, and saves when they have compared."""
    olivia = staff_client(cast.olivia)
    seen = olivia.get(f"/desk/patients/{cast.piet.public_id}/edit/").context["form"]["seen"].value()
    edit(staff_client(cast.olivia), cast.piet, phone="+12175550177", seen=seen)

    told = edit(olivia, cast.piet, city="Elsewhere", phone="+12175550100", seen=seen)

    assert told.status_code == 422
    assert "Somebody else has saved this patient" in told.content.decode()
    assert told.context["form"].errors["phone"] == ["Now on file: +12175550177"]
    assert 'value="Elsewhere"' in told.content.decode()
    assert Patient.objects.get(pk=cast.piet.pk).city == "Larkfield"
    again = edit(olivia, cast.piet, city="Elsewhere", phone="+12175550177", seen=told.context["form"]["seen"].value())
    assert again.status_code == 302
    assert Patient.objects.get(pk=cast.piet.pk).city == "Elsewhere"


@pytest.mark.parametrize(
    ("field", "value"), [("email", "not an address"), ("birth_date", "2999-01-01"), ("zip", "x" * 17)]
)
def test_bad_contact_data_is_refused_and_kept_in_the_form(cast, staff_client, field, value):
    response = edit(staff_client(cast.olivia), cast.pat, **{field: value})

    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert value in response.content.decode()
    assert "Pat Patient" in response.content.decode()
    assert Patient.objects.get(pk=cast.pat.pk).email == "pat@patients.example"


@pytest.mark.parametrize(("who", "status"), [("carla", 403), ("oscar", 404), ("charlie", 404), ("ian", 403)])
def test_who_may_not_edit(cast, staff_client, who, status):
    assert edit(staff_client(getattr(cast, who)), cast.pat, email="x@y.example").status_code == status
    assert Patient.objects.get(pk=cast.pat.pk).email == "pat@patients.example"


def test_colleagues_of_others_do_not_exist(cast):
    assert access.staff_for(cast.ana, cast.dan.public_id) == cast.dan
    for stranger, colleague in ((cast.ana, cast.charlie), (cast.olivia, cast.dan)):
        with pytest.raises(StaffNotFound):
            access.staff_for(stranger, colleague.public_id)
