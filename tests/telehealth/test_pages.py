import datetime as dt

import pytest
import time_machine

from portal_core.kernel.models import AuditEvent
from telehealth import access
from telehealth.actions import visits
from telehealth.enums import Role
from telehealth.models import Visit


@pytest.fixture
def visit(cast, appointment) -> Visit:
    return visits.start(appointment=appointment, staff=cast.carla, by=cast.carla.actor)


@pytest.fixture
def token(appointment) -> str:
    return access.link_token(appointment)


def test_the_appointment_offers_the_start(cast, appointment, staff_client):
    """TH-08: the banner stands at the top of the dialog, before the rest."""
    page = staff_client(cast.carla).get(f"/desk/schedule/{appointment.public_id}/").content.decode()

    assert "Start Telehealth Session" in page
    assert page.index("Start Telehealth Session") < page.index("<dt>Type</dt>")
    assert "/telehealth/join/" in page  # TH-31: the direct link, to pass on


def test_the_banner_says_all_that_is_in_the_way(cast, appointment, staff_client):
    """TH-08 and C2: each switch that is off is named."""
    cast.practice.telehealth_enabled = False
    cast.practice.save(update_fields=["telehealth_enabled"])
    appointment.status = "noshow"
    appointment.save(update_fields=["status"])

    page = staff_client(cast.carla).get(f"/desk/schedule/{appointment.public_id}/").content.decode()

    assert "Start Telehealth Session" not in page
    assert "Telehealth is switched off for your practice" in page
    assert "This appointment is marked Missed." in page
    assert "/telehealth/join/" not in page


def test_starting_leads_to_the_room(cast, appointment, staff_client):
    """TH-06, TH-08: twice pressed, one visit."""
    client = staff_client(cast.carla)

    first = client.post(f"/desk/telehealth/start/{appointment.public_id}/")
    second = client.post(f"/desk/telehealth/start/{appointment.public_id}/")

    visit = Visit.objects.get()
    assert first["Location"] == second["Location"] == f"/desk/telehealth/{visit.public_id}/"
    room = client.get(first["Location"])
    assert room.status_code == 200
    assert room["Permissions-Policy"] == "camera=(self), microphone=(self), display-capture=()"
    text = room.content.decode()
    for words in (
        "Select Your Camera and Microphone", "Join Session", "Disable camera", "Mute microphone", "End session",
        "Your Telehealth Session Has Ended", "Rejoin Session", "Peer-to-peer, end-to-end encrypted",
        "Troubleshooting Telehealth Connection Issues", "Pat Patient",
    ):  # fmt: skip
        assert words in text  # TH-10, TH-12, TH-14, TH-16, TH-18, TH-19


def test_the_room_carries_no_inline_script_or_style(cast, visit, staff_client):
    text = staff_client(cast.carla).get(f"/desk/telehealth/{visit.public_id}/").content.decode()

    assert " style=" not in text
    assert "<style" not in text
    assert " onclick=" not in text
    assert "<script>" not in text


def test_a_refused_start_is_told_on_the_appointment(cast, appointment, staff_client):
    appointment.telehealth = False
    appointment.save(update_fields=["telehealth"])

    answer = staff_client(cast.carla).post(f"/desk/telehealth/start/{appointment.public_id}/", follow=True)

    assert answer.redirect_chain == [(f"/desk/schedule/{appointment.public_id}/", 302)]
    assert "Set “Telehealth Session?” to Yes and save." in answer.content.decode()
    assert Visit.objects.count() == 0


@pytest.mark.parametrize(
    ("who", "status"), [("dan", 404), ("charlie", 404), ("olivia", 403), ("ian", 403), ("ines", 403), ("ana", 403)]
)
def test_strangers_find_no_room(cast, visit, appointment, staff_client, who, status):
    """TR-01 among others: IT never stands in a session's door."""
    client = staff_client(getattr(cast, who))

    assert client.get(f"/desk/telehealth/{visit.public_id}/").status_code == status
    assert client.post(f"/desk/telehealth/{visit.public_id}/end/").status_code == status
    assert client.post(f"/desk/telehealth/{visit.public_id}/pulse/").status_code == status
    assert client.post(f"/desk/telehealth/start/{appointment.public_id}/").status_code == status
    visit.refresh_from_db()
    assert visit.state == "open"


def test_the_patient_joins_from_the_portal(cast, appointment, patient_client):
    """TH-07: from the portal's home, in the same window."""
    client = patient_client(cast.pat)

    home = client.get("/portal/").content.decode()
    assert f'action="/portal/telehealth/join/{appointment.public_id}/"' in home
    answer = client.post(f"/portal/telehealth/join/{appointment.public_id}/")

    visit = Visit.objects.get()
    assert answer["Location"] == f"/portal/telehealth/{visit.public_id}/"
    assert visit.state == "scheduled"
    assert client.get(answer["Location"]).status_code == 200
    assert AuditEvent.objects.filter(action="visit:open_room", actor_kind="patient").count() == 1


def test_too_early_the_portal_says_from_when(cast, appointment, patient_client):
    """TH-07"""
    client = patient_client(cast.pat)
    early = appointment.start - dt.timedelta(hours=5, seconds=1)

    with time_machine.travel(early, tick=False):
        client = patient_client(cast.pat)
        home = client.get("/portal/").content.decode()
        answer = client.post(f"/portal/telehealth/join/{appointment.public_id}/")

    assert "/portal/telehealth/join/" not in home
    assert "You can join from" in home
    assert answer.status_code == 409
    assert "You can join from" in answer.content.decode()
    assert Visit.objects.count() == 0


def test_another_patient_finds_nothing(cast, visit, appointment, patient_client):
    client = patient_client(cast.charlie_patient)

    assert client.get(f"/portal/telehealth/{visit.public_id}/").status_code == 404
    assert client.post(f"/portal/telehealth/{visit.public_id}/end/").status_code == 404
    assert client.post(f"/portal/telehealth/join/{appointment.public_id}/").status_code == 404
    assert appointment.public_id not in client.get("/portal/").content.decode()


def test_ending_without_javascript(cast, visit, staff_client, patient_client):
    """TH-15: the button is a form; the room then shows the farewell."""
    visits.join(seat=access.seat_of_staff(cast.carla, visit.public_id), epoch="p1", connection="pc")

    answer = patient_client(cast.pat).post(f"/portal/telehealth/{visit.public_id}/end/", follow=True)
    again = staff_client(cast.carla).post(f"/desk/telehealth/{visit.public_id}/end/")

    assert 'data-phase="ended"' in answer.content.decode()
    assert again["Location"] == f"/desk/telehealth/{visit.public_id}/"
    assert AuditEvent.objects.filter(action="visit:end").count() == 1


def test_a_call_keeps_the_session_alive(cast, visit, staff_client, patient_client):
    assert staff_client(cast.carla).post(f"/desk/telehealth/{visit.public_id}/pulse/").status_code == 204
    assert patient_client(cast.pat).post(f"/portal/telehealth/{visit.public_id}/pulse/").status_code == 204


# --- links ----------------------------------------------------------------------------------------
def test_the_link_lands_on_a_page_for_both(client, cast, appointment, token):
    """TH-33: "Join as patient" without signing in, "Login as a provider" to the meeting room."""
    page = client.get(f"/telehealth/join/{token}/")

    text = page.content.decode()
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "Join as patient" in text
    assert f"/desk/sign-in/?next=%2Fdesk%2Ftelehealth%2Fappointment%2F{appointment.public_id}%2F" in text
    assert "Login as a provider" in text
    assert "Pat Patient" not in text  # whoever has the link does not learn the name
    assert page.cookies.get("patient_session") is None


def test_joining_by_link_needs_no_session(client, token):
    """TH-31, TH-34"""
    answer = client.post(f"/telehealth/join/{token}/")

    assert answer["Location"] == f"/telehealth/join/{token}/room/"
    room = client.get(answer["Location"])
    assert f'data-socket="/ws/telehealth/join/{token}/"' in room.content.decode()
    assert AuditEvent.objects.get(action="visit:open_room").actor_label == "Joined by direct link"


def test_the_room_by_link_before_joining_leads_back(client, token):
    assert client.get(f"/telehealth/join/{token}/room/")["Location"] == f"/telehealth/join/{token}/"


@pytest.mark.parametrize("path", ["", "room/"])
def test_an_expired_or_forged_link_says_what_to_do(client, db, appointment, token, path):
    forged = client.get(f"/telehealth/join/{token[:-2]}xx/{path}")
    with time_machine.travel(appointment.start + dt.timedelta(hours=6), tick=False):
        expired = client.get(f"/telehealth/join/{token}/{path}")

    for answer in (forged, expired):
        assert answer.status_code == 404
        assert "This link has expired or is not complete." in answer.content.decode()
    assert Visit.objects.count() == 0


def test_a_link_to_a_cancelled_appointment_says_so(client, cast, appointment, token):
    appointment.status = "cancelled"
    appointment.save(update_fields=["status"])

    page = client.get(f"/telehealth/join/{token}/")
    post = client.post(f"/telehealth/join/{token}/")

    assert "This appointment was cancelled." in page.content.decode()
    assert post.status_code == 409
    assert Visit.objects.count() == 0


def test_links_cannot_be_guessed_by_the_thousand(client, db):
    answers = [client.get(f"/telehealth/join/guess{number}/").status_code for number in range(61)]

    assert answers[:60] == [404] * 60
    assert answers[60] == 429


def test_login_as_a_provider_leads_to_the_room(cast, visit, appointment, staff_client):
    """TH-33"""
    client = staff_client(cast.carla)

    assert client.get(f"/desk/telehealth/appointment/{appointment.public_id}/")["Location"] == (
        f"/desk/telehealth/{visit.public_id}/"
    )
    visit.delete()
    assert client.get(f"/desk/telehealth/appointment/{appointment.public_id}/")["Location"] == (
        f"/desk/schedule/{appointment.public_id}/"
    )
    assert staff_client(cast.dan).get(f"/desk/telehealth/appointment/{appointment.public_id}/").status_code == 404


def test_my_waiting_room(client, cast, appointment, staff_client):
    """TH-32: one address for every clinician."""
    assert client.get("/telehealth/me/")["Location"] == "/desk/telehealth/me/"
    carla = staff_client(cast.carla)
    assert carla.get("/desk/telehealth/me/")["Location"] == f"/desk/schedule/{appointment.public_id}/"
    visit = visits.start(appointment=appointment, staff=cast.carla, by=cast.carla.actor)
    assert carla.get("/desk/telehealth/me/")["Location"] == f"/desk/telehealth/{visit.public_id}/"
    assert staff_client(cast.dan).get("/desk/telehealth/me/")["Location"] == "/desk/schedule/"


def test_the_stable_room_of_a_clinician(client, cast, appointment, patient_client):
    """TH-32, C7: the address stays; who stands before it is asked first, and only Carla's patient finds a session."""
    slug = cast.carla.room_slug
    public = client.get(f"/telehealth/room/{slug}/").content.decode()
    assert "Carla" not in public
    assert f"/portal/sign-in/?next=%2Fportal%2Ftelehealth%2Froom%2F{slug}%2F" in public

    mine = patient_client(cast.pat).get(f"/portal/telehealth/room/{slug}/").content.decode()
    assert f'action="/portal/telehealth/join/{appointment.public_id}/"' in mine
    other = patient_client(cast.charlie_patient).get(f"/portal/telehealth/room/{slug}/").content.decode()
    assert "You have no appointment with this provider" in other
    assert "Carla" not in other


def test_help_is_public(client, db):
    """TH-09, TH-11, TH-18, TH-20"""
    page = client.get("/telehealth/help/").content.decode()

    assert "Troubleshooting Telehealth Connection Issues" in page
    assert "always allow" in page
    assert 'href="/status/"' in page


def test_prepare_makes_one_visit(cast, appointment):
    first = visits.prepare(appointment=appointment, role=Role.CLIENT, by=cast.pat.actor)
    second = visits.prepare(appointment=appointment, role=Role.PROVIDER, by=cast.carla.actor)

    assert first.pk == second.pk
    assert AuditEvent.objects.filter(action="visit:prepare").count() == 1
