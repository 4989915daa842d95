"""`manage.py import_fhir`: streamed, told line by line what is wrong, all of a file or nothing, twice is once."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from portal_core.directory.models import Office, Patient, Practice, RoleAssignment, Staff
from portal_core.kernel.models import AuditEvent

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"

ORGANIZATION = {"resourceType": "Organization", "id": "org", "name": "Prairie Clinic", "active": True}
LOCATION = {
    "resourceType": "Location",
    "id": "loc-1",
    "status": "active",
    "name": "Prairie North",
    "telecom": [{"system": "phone", "value": "6205550101"}],
    "address": {"line": ["1 Main"], "city": "Emporia", "state": "KS", "postalCode": "668012504"},
}
SOUTH = {**LOCATION, "id": "loc-2", "name": "Prairie South", "address": {"city": "Burlington", "postalCode": "66839"}}
PRACTITIONER = {
    "resourceType": "Practitioner",
    "id": "doc-1",
    "active": True,
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": "9999908392"}],
    "name": [{"family": "Emard", "given": ["Irvin"], "prefix": ["Dr."]}],
    "telecom": [{"system": "email", "value": "irvin@example.com"}],
}
ROLE = {
    "resourceType": "PractitionerRole",
    "id": "role-1",
    "practitioner": {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": "9999908392"}},
    "location": [{"identifier": {"system": "https://example.org", "value": "loc-1"}}],
}
PATIENT = {
    "resourceType": "Patient",
    "id": "pat-1",
    "identifier": [{"type": {"coding": [{"code": "MR"}]}, "value": "MR-77"}],
    "name": [
        {"use": "nickname", "given": ["Beth"]},
        {"use": "official", "family": "Upton", "given": ["Elizabeth", "A"]},
    ],
    "telecom": [{"system": "phone", "value": "555-907-9875", "use": "home"}],
    "birthDate": "1949-11-14",
    "address": [{"line": ["9 Oak", "Apt 2"], "city": "emporia", "state": "KS", "postalCode": "66801"}],
    "communication": [{"language": {"coding": [{"code": "en-US"}]}}],
}
GOOD = {
    "Organization": [ORGANIZATION],
    "Location": [LOCATION, SOUTH],
    "Practitioner": [PRACTITIONER],
    "PractitionerRole": [ROLE],
    "Patient": [PATIENT],
}


def write(folder: Path, files: dict[str, list]) -> Path:
    for name, rows in files.items():
        lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
        (folder / f"{name}.ndjson").write_bytes(b"".join(line + b"\n" for line in lines))
    return folder


def run(folder: Path, **options) -> tuple[str, str, str]:
    """(what was printed, what was complained about, the final refusal or "")"""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("import_fhir", folder, stdout=out, stderr=err, **options)
    except CommandError as error:
        return out.getvalue(), err.getvalue(), str(error)
    return out.getvalue(), err.getvalue(), ""


def counts() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Office, Staff, RoleAssignment, Patient))


def test_everything_good_comes_in(db, tmp_path):
    _out, err, refusal = run(write(tmp_path, GOOD), practice="prairie")

    assert (err, refusal) == ("", "")
    practice = Practice.objects.get()
    assert (practice.slug, practice.name, practice.fhir_id) == ("prairie", "Prairie Clinic", "org")
    north = Office.objects.get(fhir_id="loc-1")
    assert (north.name, north.phone, north.city, north.zip) == ("Prairie North", "6205550101", "Emporia", "66801-2504")
    staff = Staff.objects.get()
    assert (staff.name, staff.npi, staff.email, staff.user) == ("Irvin Emard", "9999908392", "irvin@example.com", None)
    role = RoleAssignment.objects.get()
    assert (role.staff, role.role, role.office, role.teletherapy) == (staff, "clinician", north, False)
    patient = Patient.objects.get()
    assert (patient.first_name, patient.last_name, patient.preferred_name) == ("Elizabeth", "Upton", "Beth")
    assert (patient.mrn, str(patient.birth_date), patient.phone) == ("MR-77", "1949-11-14", "555-907-9875")
    assert (patient.street, patient.zip, patient.language) == ("9 Oak, Apt 2", "66801", "en-US")
    assert patient.home_office == north
    assert (patient.phone_since is None, patient.email_since) == (False, None)


def test_a_second_run_changes_nothing(db, tmp_path):
    run(write(tmp_path, GOOD))
    before = list(Patient.objects.values()), list(Staff.objects.values()), list(Office.objects.values())
    lines = AuditEvent.objects.count()

    out, err, refusal = run(tmp_path)

    assert (err, refusal) == ("", "")
    assert before == (list(Patient.objects.values()), list(Staff.objects.values()), list(Office.objects.values()))
    assert AuditEvent.objects.count() == lines == 5
    assert out.splitlines()[-1].split() == ["Patient.ndjson", "1", "0", "0", "1", "0", "imported"]


def test_a_changed_resource_changes_its_row_and_nothing_else(db, tmp_path):
    run(write(tmp_path, GOOD))
    patient = Patient.objects.get()
    patient.email = "typed.here@example.com"
    patient.save()

    moved = {**PATIENT, "telecom": [], "address": [{"city": "Burlington", "postalCode": "66839"}]}
    out, _err, _refusal = run(write(tmp_path, {"Patient": [moved]}))

    now = Patient.objects.get()
    assert (now.city, now.zip, now.street) == ("Burlington", "66839", "9 Oak, Apt 2")
    assert (now.email, now.phone) == ("typed.here@example.com", "555-907-9875")
    assert (now.home_office, now.public_id) == (patient.home_office, patient.public_id)
    assert out.splitlines()[-1].split() == ["Patient.ndjson", "1", "0", "1", "0", "0", "imported"]


def with_(resource: dict, **values) -> dict:
    return {key: value for key, value in {**resource, **values}.items() if value is not None}


BAD = [
    (b'{"resourceType": "Patient", "id": "x", ', "is not JSON (column 40)"),
    (b"[1, 2]", "is not a JSON object"),
    (b"null", "is not a JSON object"),
    (b'"text"', "is not a JSON object"),
    (b'{"resourceType": "Patient", "id": "\xff"}', "is not UTF-8 (byte 36)"),
    (b"[" * 100_000, "is nested too deeply or holds a number no computer can read"),
    (b'{"a": ' + b"9" * 5000 + b"}", "is nested too deeply or holds a number no computer can read"),
    (PRACTITIONER, "resourceType is not Patient"),
    (with_(PATIENT, resourceType=None), "resourceType is not Patient"),
    (with_(PATIENT, id=None), "id is missing or not a FHIR id"),
    (with_(PATIENT, id="no spaces please"), "id is missing or not a FHIR id"),
    (with_(PATIENT, id="x" * 65), "id is missing or not a FHIR id"),
    (with_(PATIENT, id=7), "id is missing or not a FHIR id"),
    (with_(PATIENT, name=None), "name.family is missing"),
    (with_(PATIENT, name=[]), "name.family is missing"),
    (with_(PATIENT, name=[{"family": "  ", "given": ["A"]}]), "name.family is missing"),
    (with_(PATIENT, name="Upton"), "name is not a list"),
    (with_(PATIENT, name=["Upton"]), "name holds something that is not an object"),
    (with_(PATIENT, name=[{"family": "U" * 81}]), "name.family is longer than 80 characters"),
    (with_(PATIENT, name=[{"family": 3}]), "name.family is not a text"),
    (with_(PATIENT, name=[{"family": "a\x00b"}]), "name.family holds characters that are no text"),
    (b'{"resourceType":"Patient","id":"s","name":[{"family":"\\ud800"}]}',
     "name.family holds characters that are no text"),
    (with_(PATIENT, birthDate="14.11.1949"), "birthDate is not a date (YYYY-MM-DD)"),
    (with_(PATIENT, birthDate="1949-02-30"), "birthDate is not a date (YYYY-MM-DD)"),
    (with_(PATIENT, birthDate=19491114), "birthDate is not a date (YYYY-MM-DD)"),
    (with_(PATIENT, address=["x"]), "address is not an object"),
    (with_(PATIENT, address={"city": "x"}), "address is not a list"),
    (with_(PATIENT, deceasedBoolean="yes"), "deceasedBoolean is neither true nor false"),
    (with_(PATIENT, id="pat-1"), "has the same id as line 1"),
    (b'{"resourceType": "Patient", "id": "long", "x": "' + b"y" * 1_100_000 + b'"}', "is longer than 1048576 bytes"),
]  # fmt: skip


@pytest.mark.parametrize(("bad", "what"), BAD, ids=[what + str(place) for place, (_bad, what) in enumerate(BAD)])
def test_one_bad_line_keeps_the_file_out_and_is_named(db, tmp_path, bad, what):
    second = {**PATIENT, "id": "pat-2", "identifier": []}
    folder = write(tmp_path, {**GOOD, "Patient": [PATIENT, bad, second]})

    out, err, refusal = run(folder)

    assert err.splitlines() == [f"Patient.ndjson:2: {what}"]
    assert refusal == "1 of 5 files not imported; see the lines named above."
    assert counts() == (2, 1, 1, 0)
    assert out.splitlines()[-1].split()[1:] == ["3", "0", "0", "0", "0", "refused,", "1", "bad", "line(s)"]


def test_every_bad_line_is_named_and_none_is_quoted(db, tmp_path):
    folder = write(tmp_path, {"Location": [LOCATION, b"{secret", with_(LOCATION, id="l3", name=None), b"", b"{secret"]})

    _out, err, _refusal = run(folder)

    assert err.splitlines() == [
        "Location.ndjson:2: is not JSON (column 2)",
        "Location.ndjson:3: name is missing",
        "Location.ndjson:5: is not JSON (column 2)",
    ]
    assert "secret" not in err


BAD_REFERENCES = [
    ({"practitioner": None}, "practitioner is not a reference"),
    ({"practitioner": {"display": "Dr."}}, "practitioner does not say what it refers to"),
    ({"practitioner": {"reference": "Practitioner/unknown"}}, "practitioner is not in this practice"),
    ({"location": [{"reference": "Location/unknown"}]}, "location is not in this practice"),
    ({"location": [{"reference": "Location?identifier=x"}]}, "location does not say what it refers to"),
    ({"location": {}}, "location is not a list"),
    ({"active": 1}, "active is neither true nor false"),
]


@pytest.mark.parametrize(("values", "what"), BAD_REFERENCES)
def test_a_reference_to_nobody_undoes_the_whole_file(db, tmp_path, values, what):
    folder = write(tmp_path, {**GOOD, "PractitionerRole": [ROLE, {**ROLE, "id": "role-2", **values}]})

    _out, err, refusal = run(folder)

    assert err.splitlines() == [f"PractitionerRole.ndjson:2: {what}"]
    assert refusal.startswith("1 of 5")
    assert counts() == (2, 1, 0, 1)


@pytest.mark.parametrize(
    "place",
    [
        {"reference": "Location/loc-1"},
        {"reference": "https://example.org/fhir/Location/loc-1"},
        {"reference": "Location?identifier=https://example.org|loc-1"},
        {"identifier": {"value": "loc-1"}},
    ],
)
@pytest.mark.parametrize(
    "person",
    [
        {"reference": "Practitioner/doc-1"},
        {"reference": "Practitioner?identifier=http://hl7.org/fhir/sid/us-npi|9999908392"},
    ],
)
def test_the_ways_to_refer(db, tmp_path, place, person):
    run(write(tmp_path, {**GOOD, "PractitionerRole": [{**ROLE, "practitioner": person, "location": [place]}]}))

    assert [(row.staff.fhir_id, row.office.fhir_id) for row in RoleAssignment.objects.all()] == [("doc-1", "loc-1")]


def test_a_role_that_moved_or_ended(db, tmp_path):
    run(write(tmp_path, GOOD))
    run(write(tmp_path, {"PractitionerRole": [{**ROLE, "location": [{"reference": "Location/loc-2"}]}]}))
    assert [row.office.fhir_id for row in RoleAssignment.objects.all()] == ["loc-2"]

    run(write(tmp_path, {"PractitionerRole": [{**ROLE, "active": False}]}))
    assert RoleAssignment.objects.count() == 0


def roles() -> list[tuple[str, str, bool]]:
    rows = RoleAssignment.objects.order_by("office__fhir_id", "fhir_id")
    return [(row.fhir_id, row.office.fhir_id, row.teletherapy) for row in rows]


SOUTHERN = [{"reference": "Location/loc-2"}]


@pytest.mark.parametrize(
    ("second", "then", "last"),
    [
        # the successor holds the very same place, whatever the order of lines
        ([{**ROLE, "active": False}, {**ROLE, "id": "role-2"}], [("role-2", "loc-1", True)], ["2", "0", "2", "0"]),
        ([{**ROLE, "id": "role-2"}, {**ROLE, "active": False}], [("role-2", "loc-1", True)], ["2", "0", "2", "0"]),
        ([{**ROLE, "location": SOUTHERN}, {**ROLE, "id": "role-2"}],
         [("role-2", "loc-1", True), ("role-1", "loc-2", False)], ["2", "1", "1", "0"]),
        ([{**ROLE, "location": SOUTHERN}], [("role-1", "loc-2", True)], ["1", "0", "1", "0"]),
        ([{**ROLE, "location": [*ROLE["location"], *SOUTHERN]}],
         [("role-1", "loc-1", True), ("role-1", "loc-2", False)], ["1", "1", "0", "0"]),
    ],
)  # fmt: skip
def test_a_role_taken_over_or_moved_keeps_its_place_and_what_was_set_on_it(db, tmp_path, second, then, last):
    run(write(tmp_path, GOOD))
    RoleAssignment.objects.update(teletherapy=True)

    out, err, _refusal = run(write(tmp_path, {"PractitionerRole": second}))

    assert (err, roles()) == ("", then)
    assert out.splitlines()[-2].split()[1:5] == last
    assert run(tmp_path)[0].splitlines()[-2].split()[2:4] == ["0", "0"]  # once more changes nothing
    assert roles() == then


def test_two_roles_that_change_places(db, tmp_path):
    other = {**ROLE, "id": "role-2", "location": SOUTHERN}
    run(write(tmp_path, {**GOOD, "PractitionerRole": [ROLE, other]}))

    run(
        write(tmp_path, {"PractitionerRole": [{**ROLE, "location": SOUTHERN}, {**other, "location": ROLE["location"]}]})
    )

    assert roles() == [("role-2", "loc-1", False), ("role-1", "loc-2", False)]


@pytest.mark.parametrize(
    ("kind", "first", "second", "field", "kept"),
    [
        ("Patient", {**PATIENT, "deceasedBoolean": True}, PATIENT, "deceased", True),
        ("Patient", {**PATIENT, "deceasedBoolean": True}, {**PATIENT, "deceasedBoolean": False}, "deceased", False),
        ("Patient", PATIENT, {**PATIENT, "deceasedDateTime": "2026-02-01"}, "deceased", True),
        ("Patient", PATIENT, {**PATIENT, "identifier": []}, "mrn", "MR-77"),
        ("Patient", {**PATIENT, "identifier": []}, {**PATIENT, "identifier": []}, "mrn", "pat-1"),
        ("Practitioner", {**PRACTITIONER, "active": False}, {**PRACTITIONER, "active": None}, "is_active", False),
        ("Location", {**LOCATION, "status": "inactive"}, {**LOCATION, "status": None}, "is_active", False),
        ("Location", {**LOCATION, "status": None}, {**LOCATION, "status": "suspended"}, "is_active", False),
    ],
)
def test_what_a_resource_does_not_state_stays_as_it_is_on_file(db, tmp_path, kind, first, second, field, kept):
    run(write(tmp_path, {**GOOD, kind: [first, *GOOD[kind][1:]]}))
    run(write(tmp_path, {kind: [second]}))

    model = {"Patient": Patient, "Practitioner": Staff, "Location": Office}[kind]
    assert getattr(model.objects.get(fhir_id=first["id"]), field) == kept


def test_an_address_no_mail_can_be_sent_to_is_left_out_and_named(db, tmp_path):
    def reached(*addresses: str) -> list[dict[str, str]]:
        return [{"system": "email", "value": address} for address in addresses]

    run(write(tmp_path, GOOD))
    bad = {**PRACTITIONER, "telecom": reached("dr smith at clinic.org")}
    second = {**PATIENT, "telecom": reached("beth at home", "beth@example.com")}

    out, err, refusal = run(write(tmp_path, {"Practitioner": [bad], "Patient": [second]}))

    assert err == "Practitioner.ndjson:1: telecom.email is no address that mail can be sent to; left out\n"
    assert refusal == ""
    assert (Staff.objects.get().email, Patient.objects.get().email) == ("irvin@example.com", "beth@example.com")
    assert out.splitlines()[-1].split()[-1] == "imported"


def test_a_file_that_cannot_be_read_is_one_clear_error(db, tmp_path):
    write(tmp_path, {"Location": [LOCATION]})
    (tmp_path / "Patient.ndjson").mkdir()
    (tmp_path / "Practitioner.ndjson").symlink_to(tmp_path / "gone")

    _out, err, refusal = run(tmp_path)

    assert err.splitlines() == [
        "Practitioner.ndjson: cannot be read (No such file or directory)",
        "Patient.ndjson: cannot be read (Is a directory)",
    ]
    assert refusal == "2 of 3 files not imported; see the lines named above."
    assert counts() == (1, 0, 0, 0)


def test_a_practice_of_which_nothing_came_in_is_not_made(db, tmp_path):
    run(write(tmp_path, {"Location": [b"{"], "Patient": [PATIENT]}))

    assert Practice.objects.count() == 0


def test_every_line_that_the_database_cannot_take_is_named(db, tmp_path):
    stranger = {**ROLE, "id": "role-2", "practitioner": {"reference": "Practitioner/unknown"}}
    nowhere = {**ROLE, "id": "role-3", "location": [{"reference": "Location/unknown"}]}
    twins = [PATIENT, {**PATIENT, "id": "pat-2"}, {**PATIENT, "id": "pat-3"}]

    _out, err, _refusal = run(
        write(tmp_path, {**GOOD, "PractitionerRole": [stranger, ROLE, nowhere], "Patient": twins})
    )

    assert err.splitlines() == [
        "PractitionerRole.ndjson:1: practitioner is not in this practice",
        "PractitionerRole.ndjson:3: location is not in this practice",
        "Patient.ndjson:2: its record number stands on line 1 already",
        "Patient.ndjson:3: its record number stands on line 1 already",
    ]
    assert counts() == (2, 1, 0, 0)


def test_a_kind_of_place_is_no_office(db, tmp_path):
    home = {"resourceType": "Location", "id": "home", "mode": "kind", "description": "Patient's Home"}

    out, _err, refusal = run(write(tmp_path, {"Location": [LOCATION, home]}))

    assert refusal == ""
    assert Office.objects.count() == 1
    assert out.splitlines()[-1].split() == ["Location.ndjson", "2", "1", "0", "0", "1", "imported"]


@pytest.mark.parametrize(("born", "kept"), [("1949", None), ("1949-11", None), ("1949-11-14", "1949-11-14")])
def test_a_date_without_its_day_is_no_date(db, tmp_path, born, kept):
    run(write(tmp_path, {**GOOD, "Patient": [{**PATIENT, "birthDate": born}]}))

    assert str(Patient.objects.get().birth_date or "") == (kept or "")


def test_patients_need_an_office(db, tmp_path):
    _out, err, _refusal = run(write(tmp_path, {"Patient": [PATIENT]}))

    assert err == "Patient.ndjson:1: this practice has no office yet; import Location first\n"
    assert Patient.objects.count() == 0


def test_a_record_number_belongs_to_one_patient(db, tmp_path):
    twin = {**PATIENT, "id": "pat-2"}

    _out, err, _refusal = run(write(tmp_path, {**GOOD, "Patient": [PATIENT, twin]}))

    assert err == "Patient.ndjson:2: its record number stands on line 1 already\n"
    run(write(tmp_path, GOOD))
    _out, err, _refusal = run(write(tmp_path, {"Patient": [twin]}))
    assert err == "Patient.ndjson:1: its record number belongs to another patient\n"
    assert Patient.objects.count() == 1


def test_the_same_export_into_two_practices(db, tmp_path):
    write(tmp_path, GOOD)
    run(tmp_path, practice="one")
    run(tmp_path, practice="two")

    assert counts() == (4, 2, 2, 2)
    assert {row.practice.slug for row in Patient.objects.all()} == {"one", "two"}


def test_a_rehearsal_keeps_nothing(db, tmp_path):
    out, err, refusal = run(write(tmp_path, GOOD), dry_run=True)

    assert (err, refusal, counts(), Practice.objects.count()) == ("", "", (0, 0, 0, 0), 0)
    assert AuditEvent.objects.count() == 0
    assert out.splitlines()[-1].split() == ["Patient.ndjson", "1", "1", "0", "0", "0", "would", "be", "imported"]


def test_other_files_and_other_names(db, tmp_path):
    write(tmp_path, {"1.Location.000": [LOCATION], "Encounter": [b"not ours"], "PatientX": [b"nor this"]})
    (tmp_path / "Patient.json").write_text("nor that")

    out, err, refusal = run(tmp_path)

    assert (err, refusal) == ("", "")
    assert [line.split()[0] for line in out.splitlines()] == ["file", "1.Location.000.ndjson"]
    assert Office.objects.count() == 1


def test_a_byte_order_mark_and_windows_lines_are_no_fault(db, tmp_path):
    text = json.dumps(LOCATION).encode()
    (tmp_path / "Location.ndjson").write_bytes(b"\xef\xbb\xbf" + text + b"\r\n\r\n" + json.dumps(SOUTH).encode())

    assert run(tmp_path)[1:] == ("", "")
    assert Office.objects.count() == 2


@pytest.mark.parametrize(
    ("folder", "practice", "words"),
    [("missing", "x", "is not a folder"), (".", "x", "holds no .ndjson file"), (".", "Bad Slug!", "takes a slug")],
)
def test_a_wrong_call_says_so(db, tmp_path, folder, practice, words):
    assert words in run(tmp_path / folder, practice=practice)[2]
    assert Practice.objects.count() == 0


def test_more_rows_than_one_batch(db, tmp_path):
    people = [{**PATIENT, "id": f"p-{number}", "identifier": []} for number in range(1203)]

    out, _err, refusal = run(write(tmp_path, {**GOOD, "Patient": people}))

    assert refusal == ""
    assert Patient.objects.count() == 1203
    assert out.splitlines()[-1].split()[1:3] == ["1203", "1203"]


def test_a_bad_row_in_a_late_batch_undoes_the_early_ones(db, tmp_path):
    people = [{**PATIENT, "id": f"p-{number}", "identifier": []} for number in range(1100)]
    people[-1]["identifier"] = people[3]["identifier"] = PATIENT["identifier"]

    _out, err, _refusal = run(write(tmp_path, {**GOOD, "Patient": people}))

    assert err == "Patient.ndjson:1100: its record number stands on line 4 already\n"
    assert Patient.objects.count() == 0


def found_exports() -> list[Path]:
    """Public synthetic exports, where somebody put them beside the working copy."""
    return sorted(path.parent for path in SHARED.glob("*/Patient.ndjson"))


def test_real_exports_come_in_whole_and_once(db):
    for number, folder in enumerate(found_exports()):
        out, err, refusal = run(folder, practice=f"export-{number}")
        assert refusal == ""
        assert [line for line in err.splitlines() if not line.endswith("; left out")] == []  # "first last@example.com"
        patients = [line for line in (folder / "Patient.ndjson").read_bytes().splitlines() if line.strip()]
        assert Patient.objects.filter(practice__slug=f"export-{number}").count() == len(patients)
        again, told_again, refusal = run(folder, practice=f"export-{number}")
        assert (told_again, refusal) == (err, "")
        assert all(line.split()[2:4] == ["0", "0"] for line in again.splitlines()[1:])
        assert len(out.splitlines()) == len(again.splitlines())
