"""Practice Settings and My Profile: roles, telehealth switches, waiting room."""

import pytest

from portal_core.directory.actions import practices
from portal_core.directory.actions import staff as staff_actions
from portal_core.directory.enums import Role
from portal_core.directory.errors import LastOwner, NotYoursToGrant, RoleRefused
from portal_core.directory.models import Practice, RoleAssignment, Staff
from portal_core.directory.rules.roles import may_change_role
from portal_core.kernel.errors import NotFound
from portal_core.kernel.models import AuditEvent
from tests.cast import make_staff


def roles_of(staff: Staff) -> set[tuple[str, str]]:
    rows = RoleAssignment.objects.filter(staff=staff).select_related("office")
    return {(row.role, row.office.name if row.office else "") for row in rows}


@pytest.mark.parametrize(
    ("mine", "role", "own", "allowed"),
    [
        (Role.OWNER, Role.OWNER, False, True),
        (Role.OWNER, Role.CLINICIAN, True, True),
        (Role.MANAGER, Role.OWNER, False, False),
        (Role.MANAGER, Role.ADMINISTRATOR, False, True),
        (Role.MANAGER, Role.CLINICIAN, True, False),
        (Role.ADMINISTRATOR, Role.CLINICIAN, False, True),
        (Role.ADMINISTRATOR, Role.IT_AGENT, False, True),
        (Role.ADMINISTRATOR, Role.MANAGER, False, False),
        (Role.ADMINISTRATOR, Role.ADMINISTRATOR, False, False),
        (Role.ADMINISTRATOR, Role.PRIVACY_OFFICER, False, False),
        (Role.OFFICE_MANAGER, Role.OFFICE_STAFF, False, False),
        (Role.IT_LEAD, Role.IT_AGENT, False, False),
    ],
)
def test_who_gives_which_role(mine, role, own, allowed):
    assert may_change_role([mine], role, own=own) is allowed


def test_a_role_is_given_once_and_written_down(cast):
    for _ in range(2):
        staff_actions.grant_role(staff=cast.dan, role=Role.OFFICE_STAFF, office=cast.south, by=cast.ana.actor)

    assert roles_of(cast.dan) == {("clinician", "North"), ("office_staff", "South")}
    row = AuditEvent.objects.get()
    assert (row.action, row.target_id, row.facts) == (
        "staff:grant-role",
        cast.dan.public_id,
        {"role": "office_staff", "office": cast.south.public_id},
    )


@pytest.mark.parametrize("who", ["olivia", "oscar", "carla", "ian", "omar", "charlie"])
def test_others_give_no_roles(cast, who):
    with pytest.raises(NotYoursToGrant):
        staff_actions.grant_role(staff=cast.dan, role=Role.SCHEDULER, by=getattr(cast, who).actor)
    assert roles_of(cast.dan) == {("clinician", "North")}
    assert AuditEvent.objects.count() == 0


def test_an_owner_elsewhere_is_nobody_here(cast):
    boss = make_staff("Boss", cast.elsewhere, (Role.OWNER, None))

    with pytest.raises(NotYoursToGrant):
        staff_actions.grant_role(staff=cast.dan, role=Role.SCHEDULER, by=boss.actor)


def test_it_roles_do_not_count_in_the_practice_hat(cast):
    """The hat on the actor decides, not all the roles a person has."""
    both = make_staff("Both", cast.practice, (Role.IT_LEAD, None), (Role.OWNER, None))
    both.hat = "it"

    with pytest.raises(NotYoursToGrant):
        staff_actions.grant_role(staff=cast.dan, role=Role.SCHEDULER, by=both.actor)


@pytest.mark.parametrize(
    ("role", "office", "supervisor", "refusal"),
    [
        (Role.OFFICE_STAFF, None, None, RoleRefused),
        (Role.IT_AGENT, "north", None, RoleRefused),
        (Role.OWNER, "north", None, RoleRefused),
        (Role.INTERN, "north", None, RoleRefused),
        (Role.CLINICIAN, "north", "carla", RoleRefused),
        (Role.INTERN, "north", "dan", RoleRefused),
        (Role.INTERN, "north", "charlie", RoleRefused),
        (Role.CLINICIAN, "elsewhere_office", None, NotFound),
    ],
)
def test_roles_that_do_not_fit(cast, role, office, supervisor, refusal):
    with pytest.raises(refusal):
        staff_actions.grant_role(
            staff=cast.dan,
            role=role,
            office=getattr(cast, office) if office else None,
            supervisor=getattr(cast, supervisor) if supervisor else None,
            by=cast.ana.actor,
        )
    assert roles_of(cast.dan) == {("clinician", "North")}


def test_an_intern_has_a_supervisor(cast):
    row = staff_actions.grant_role(
        staff=cast.olivia, role=Role.INTERN, office=cast.north, supervisor=cast.carla, by=cast.ana.actor
    )

    assert row.supervisor == cast.carla


def test_the_last_owner_stays(cast):
    row = RoleAssignment.objects.get(staff=cast.ana, role=Role.OWNER)
    with pytest.raises(LastOwner):
        staff_actions.revoke_role(assignment=row, by=cast.ana.actor)

    staff_actions.grant_role(staff=cast.dan, role=Role.OWNER, by=cast.ana.actor)
    staff_actions.revoke_role(assignment=row, by=cast.ana.actor)
    assert roles_of(cast.ana) == {("administrator", "")}


def test_roles_over_http(cast, staff_client):
    """PC-76"""
    client = staff_client(cast.ana)
    page = f"/desk/settings/staff/{cast.dan.public_id}/"
    assert client.get(page).status_code == 200

    given = client.post(page, {"role": "office_staff", "office": cast.west.public_id, "supervisor": ""})
    assert (given.status_code, given.url) == (302, page)
    assert roles_of(cast.dan) == {("clinician", "North"), ("office_staff", "West")}

    for _ in range(2):  # a double click
        taken = client.post(f"{page}roles/office_staff/{cast.west.public_id}/revoke/")
        assert (taken.status_code, taken.url) == (302, page)
    assert roles_of(cast.dan) == {("clinician", "North")}
    assert AuditEvent.objects.filter(action="staff:revoke-role").count() == 1


@pytest.mark.parametrize(
    "values",
    [
        {"role": "wizard"},
        {"role": ""},
        {"role": "office_staff", "office": ""},
        {"role": "office_staff", "office": "elsewhere"},
        {"role": "owner", "office": "north"},
    ],
)
def test_a_bad_role_form_is_refused(cast, staff_client, values):
    if values.get("office"):
        office = cast.elsewhere_office if values["office"] == "elsewhere" else cast.north
        values = {**values, "office": office.public_id}

    response = staff_client(cast.ana).post(f"/desk/settings/staff/{cast.dan.public_id}/", values)

    assert response.status_code == 422
    assert roles_of(cast.dan) == {("clinician", "North")}


@pytest.mark.parametrize(
    ("who", "whom", "status"),
    [
        ("olivia", "dan", 403),
        ("carla", "carla", 403),
        ("ian", "dan", 403),
        ("ana", "charlie", 404),
        ("charlie", "dan", 403),
    ],
)
def test_profiles_are_for_those_who_run_the_practice(cast, staff_client, who, whom, status):
    url = f"/desk/settings/staff/{getattr(cast, whom).public_id}/"

    assert staff_client(getattr(cast, who)).get(url).status_code == status


def teletherapy(client, staff, **values):
    return client.post(f"/desk/settings/staff/{staff.public_id}/teletherapy/", values)


def test_an_owner_switches_teletherapy_for_a_provider(cast, staff_client):
    """TH-01"""
    client = staff_client(cast.ana)
    for _ in range(2):
        assert teletherapy(client, cast.dan, enabled="on").url == f"/desk/settings/staff/{cast.dan.public_id}/"

    assert Staff.objects.get(pk=cast.dan.pk).has_telehealth is True
    assert AuditEvent.objects.filter(action="staff:set-teletherapy").count() == 1
    teletherapy(client, cast.dan)
    assert Staff.objects.get(pk=cast.dan.pk).has_telehealth is False


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.SCHEDULER])
def test_an_administrator_does_not(cast, role):
    """TH-01: owner or manager."""
    clerk = make_staff("Clerk", cast.practice, (role, None))

    with pytest.raises(NotYoursToGrant):
        staff_actions.set_teletherapy(staff=cast.dan, enabled=True, by=clerk.actor)


def test_a_provider_cannot_switch_it_for_themselves(cast, staff_client):
    assert teletherapy(staff_client(cast.dan), cast.dan, enabled="on").status_code == 403
    assert Staff.objects.get(pk=cast.dan.pk).has_telehealth is False


def test_a_solo_provider_can(cast, staff_client):
    """TH-01, PC-76: owner and clinician at once, in My Profile."""
    solo = make_staff("Solo", cast.practice, (Role.OWNER, None), (Role.CLINICIAN, None))

    response = teletherapy(staff_client(solo), solo, enabled="on")

    assert (response.status_code, response.url) == (302, "/desk/me/")
    assert Staff.objects.get(pk=solo.pk).has_telehealth is True


def test_teletherapy_needs_a_clinical_role(cast):
    with pytest.raises(RoleRefused):
        staff_actions.set_teletherapy(staff=cast.olivia, enabled=True, by=cast.ana.actor)


def waiting_room(client, staff, **values):
    return client.post(f"/desk/settings/staff/{staff.public_id}/waiting-room/", values)


def test_the_waiting_room_is_off_until_the_provider_switches_it_on(cast, staff_client):
    """TH-27, TH-28, PC-78"""
    client = staff_client(cast.carla)
    assert cast.carla.waiting_room_enabled is False
    assert "Enable telehealth waiting room?" in client.get("/desk/me/").content.decode()

    assert waiting_room(client, cast.carla, enabled="on").url == "/desk/me/"

    assert Staff.objects.get(pk=cast.carla.pk).waiting_room_enabled is True


@pytest.mark.parametrize(("who", "status"), [("ana", 302), ("dan", 404), ("olivia", 404), ("charlie", 404)])
def test_who_sets_anothers_waiting_room(cast, staff_client, who, status):
    """PC-78: owners and managers."""
    assert waiting_room(staff_client(getattr(cast, who)), cast.carla, enabled="on").status_code == status
    assert Staff.objects.get(pk=cast.carla.pk).waiting_room_enabled is (status == 302)


def test_an_administrator_sees_but_does_not_set_it(cast, staff_client):
    clerk = make_staff("Clerk", cast.practice, (Role.ADMINISTRATOR, None))

    assert waiting_room(staff_client(clerk), cast.carla, enabled="on").status_code == 403
    assert Staff.objects.get(pk=cast.carla.pk).waiting_room_enabled is False


def test_the_practice_switch_with_its_notice(cast, staff_client):
    """TH-02, TH-03"""
    client = staff_client(cast.ana)
    page = client.get("/desk/settings/telehealth/").content.decode()
    assert "Functionality for this new feature is subject to change" in page
    assert "Enable telehealth" in page

    assert client.post("/desk/settings/telehealth/", {}).url == "/desk/settings/telehealth/"
    assert Practice.objects.get(pk=cast.practice.pk).telehealth_enabled is False
    client.post("/desk/settings/telehealth/", {})
    assert AuditEvent.objects.filter(action="practice:set-telehealth").count() == 1
    client.post("/desk/settings/telehealth/", {"enabled": "on"})
    assert Practice.objects.get(pk=cast.practice.pk).telehealth_enabled is True


def test_a_manager_does_not_switch_telehealth(cast, staff_client):
    manager = make_staff("Manager", cast.practice, (Role.MANAGER, None))

    assert staff_client(manager).post("/desk/settings/telehealth/", {}).status_code == 403
    with pytest.raises(NotYoursToGrant):
        practices.set_telehealth(practice=cast.elsewhere, enabled=True, by=cast.ana.actor)
    assert Practice.objects.get(pk=cast.practice.pk).telehealth_enabled is True


@pytest.mark.parametrize("path", ["/desk/settings/telehealth/", "/desk/settings/staff/"])
@pytest.mark.parametrize("who", ["olivia", "carla", "ian", "omar"])
def test_settings_are_closed_to_others(cast, staff_client, path, who):
    assert staff_client(getattr(cast, who)).get(path).status_code == 403


@pytest.mark.parametrize("who", ["olivia", "oscar", "ian", "ines", "carla", "dan", "ana", "omar"])
def test_everybody_has_a_profile_and_a_first_page(cast, staff_client, who):
    client = staff_client(getattr(cast, who))

    assert client.get("/desk/me/").status_code == 200
    first = client.get("/desk/")
    assert first.status_code == 302
    assert client.get(first.url).status_code == 200
