"""The Patient Portal tab of Patient Information: the switch, the user name, the password by hand, the pauses."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from portal_core.access import errors
from portal_core.access.actions import manual, portal
from portal_core.access.enums import AccessLevel, PortalState
from portal_core.access.models import AccessToken, PortalAccess
from portal_core.access.queries import portal_status
from portal_core.accounts.models import SignInThrottle, User
from portal_core.kernel.models import AuditEvent
from portal_core.notify.models import Delivery
from tests.access.factories import AccessTokenFactory, refresh, set_access
from tests.cast import PASSWORD, make_patient, signed_in

pytestmark = pytest.mark.usefixtures("check")

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
TOLD = "tomari-venudo-4827"
OWN = "a few plain words 42"


def page(patient, tail=""):
    return f"/desk/patients/{patient.public_id}/portal/{tail}"


@pytest.fixture
def olivia(cast, staff_client):
    return staff_client(cast.olivia)


# --- the dialog -----------------------------------------------------------------------------------------------------
def test_the_pencil_opens_patient_information_with_the_portal_tab_at_the_far_right(cast, olivia):
    """PC-24, PC-33: photo block, pencil below the picture, a pop-up with tabs."""
    dash = olivia.get(f"/desk/patients/{cast.pat.public_id}/").content.decode()
    block = dash[dash.index('id="photo-block"') : dash.index('aria-labelledby="information"')]
    assert f'href="/desk/patients/{cast.pat.public_id}/edit/"' in block
    assert "data-dialog" in block
    assert "Active" in block

    basic = olivia.get(f"/desk/patients/{cast.pat.public_id}/edit/").content.decode()
    tabs = basic[basic.index('class="tabs"') :]
    assert tabs.index("Basic data") < tabs.index("Patient Portal")


def test_the_tab_shows_the_level_and_turns_it(cast, olivia, deeds):
    """PC-34, PC-40, PC-41: the two words of the toggle; the privacy note stands there before access is given."""
    set_access(cast.paula, level=AccessLevel.NONE)
    before = olivia.get(page(cast.paula)).content.decode()
    assert "does only he or she have access to the listed e-mail account?" in before
    assert "unauthorized access to protected health information" in before

    answer = olivia.post(page(cast.paula, "level/"), {"level": "can_access"}, HTTP_HX_REQUEST="true")

    assert (answer.status_code, answer["HX-Trigger"]) == (200, "portal-changed")
    assert portal_status(cast.paula).state == PortalState.UNACTIVATED
    assert "before you enable" not in answer.content.decode().casefold()
    assert olivia.post(page(cast.paula, "level/"), {"level": "none"}).url == page(cast.paula)
    assert portal_status(cast.paula).state == PortalState.INACTIVE
    assert deeds() == ["access:set_level", "access:set_level"]


def test_access_without_e_mail_is_for_manual_sign_in_only(cast, olivia):
    """PC-38, C3."""
    refused = olivia.post(page(cast.piet, "level/"), {"level": "can_access"})
    assert refused.status_code == 422
    assert "Put an e-mail address and a home zip code on file first." in refused.content.decode()

    olivia.post(page(cast.piet, "level/"), {"level": "can_access", "manual": "1"})

    shown = olivia.get(page(cast.piet)).content.decode()
    assert "Manual sign-in only: no self-service reset." in shown
    assert "No e-mail address on file" in shown
    assert portal_status(cast.piet).state == PortalState.INACTIVE


def test_a_shared_mailbox_is_named_before_access_is_given(cast, olivia):
    """PC-39: allowed, but said; a stranger's patient with the same address is not named."""
    set_access(cast.paula, level=AccessLevel.NONE)
    make_patient("Twin", cast.north, "MRN-TWIN", email="PAULA@patients.example")
    make_patient("Foreign", cast.elsewhere_office, "MRN-F", email="paula@patients.example")

    shown = olivia.get(page(cast.paula)).content.decode()

    assert "Others use this e-mail address too" in shown
    assert "Patient, Twin" in shown
    assert "Foreign" not in shown


@pytest.mark.parametrize(
    ("who", "status"), [("carla", 403), ("ana", 403), ("oscar", 404), ("charlie", 404), ("ian", 403)]
)
@pytest.mark.parametrize(
    "tail", ["", "level/", "send/", "username/", "credentials/", "clear-pause/", "end-hold/", "../email/"]
)
def test_strangers_find_none_of_it(cast, staff_client, who, status, tail):
    """TR-01, TR-03."""
    path = page(cast.pat, tail).replace("portal/../", "")
    client = staff_client(getattr(cast, who))

    assert (client.get if tail == "" else client.post)(path).status_code == status
    assert PortalAccess.objects.get(patient=cast.pat).level == AccessLevel.CAN_ACCESS


# --- invitation and reset -------------------------------------------------------------------------------------------
def test_one_link_sends_the_invitation_or_the_reset(cast, olivia, check, open_gate):
    """PC-45, PC-47, PC-60: who has used the portal gets a reset link, and only on a live identity check."""
    set_access(cast.paula)
    olivia.post(page(cast.paula, "send/"))
    assert Delivery.objects.get().message.subject == "Set up your Patient Portal account"

    check.passed = False
    refused = olivia.post(page(cast.pat, "send/"))
    assert refused.status_code == 422
    assert "First verify who is asking" in refused.content.decode()
    assert Delivery.objects.count() == 1

    check.passed = True
    assert olivia.post(page(cast.pat, "send/")).status_code == 302
    assert open_gate == [("att-1", "send_reset_link")]
    assert Delivery.objects.latest("id").address == "pat@patients.example"


# --- the user name --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "good", "words"),
    [
        ("paula.p", True, "Valid and unique"),
        ("Pat", False, "not free"),
        ("OLIVIA", False, "not free"),
        ("pa", False, "at least 3"),
        ("paula p", False, "dots and dashes"),
        ("paula@x.example", False, "dots and dashes"),
        ("paula19800517", False, "date of birth"),
        ("p-05171980", False, "date of birth"),
        ("x" * 61, False, "at most 60"),
        ("", False, "required"),
    ],
)
def test_the_user_name_turns_green_when_valid_and_unique(cast, olivia, typed, good, words):
    """PC-39, PC-53."""
    shown = olivia.post(page(cast.paula, "username/"), {"username": typed}).content.decode()

    assert ("verdict-ok" in shown, "verdict-wrong" in shown) == (good, not good)
    assert words in shown


# --- by hand --------------------------------------------------------------------------------------------------------
def fields(**more):
    return {
        "username": "paula.p",
        "by_hand": "on",
        "password": TOLD,
        "my_password": PASSWORD,
        **more,
    }


def test_a_password_by_hand_opens_the_page_to_choose_an_own_one(cast, olivia, client, deeds):
    """PC-52 to PC-54, C3, C4: told in person, works once in 72 hours, then changed; a notice goes to the address."""
    set_access(cast.paula)

    answer = olivia.post(page(cast.paula, "credentials/"), fields(), follow=True)

    assert "in person or over the phone, never by e-mail or message" in answer.content.decode().replace("&#x27;", "'")
    notice = Delivery.objects.get()
    assert notice.message.subject == "Your office set a new Patient Portal password"
    assert TOLD not in notice.message.text
    assert "paula.p" not in notice.message.text
    assert deeds() == ["access:set_credentials"]
    assert AuditEvent.objects.get(action="access:set_credentials").facts == {"method": "checked"}
    inside = client.post("/portal/sign-in/", {"username": "Paula.P", "password": TOLD})
    assert (inside.status_code, inside.url) == (302, "/portal/password/")
    assert client.get("/portal/").url == "/portal/password/"
    client.post("/portal/password/", {"current": TOLD, "password": OWN, "again": OWN})
    assert client.get("/portal/").status_code == 200
    assert portal_status(cast.paula).state == PortalState.ACTIVE


@pytest.mark.parametrize(("hours", "status"), [(71, 302), (72, 403), (100, 403)])
def test_a_password_by_hand_ends_after_72_hours_unused(cast, client, open_gate, hours, status):
    """C4. Said only after the right password."""
    set_access(cast.paula)
    with time_machine.travel(NOON, tick=False) as clock:
        manual.set_credentials(
            patient=cast.paula, username="paula.p", password=TOLD, attestation_id="att-1", by=cast.olivia.actor
        )
        clock.shift(hours * 3600)
        wrong = client.post("/portal/sign-in/", {"username": "paula.p", "password": "wrong wrong wrong"})
        right = client.post("/portal/sign-in/", {"username": "paula.p", "password": TOLD})

    assert (wrong.status_code, right.status_code) == (422, status)
    assert ("Call your office for a new one" in right.content.decode()) is (status == 403)
    assert "Call your office" not in wrong.content.decode()


def test_setting_it_again_ends_sessions_and_links_and_keeps_the_name(cast, olivia, patient_client):
    """PC-46: a user name is chosen once."""
    token, inside = AccessTokenFactory(patient=cast.pat), patient_client(cast.pat)

    olivia.post(page(cast.pat, "credentials/"), fields(username="other"))

    user = refresh(cast.pat).user
    assert (user.username, user.must_change_password) == ("pat", True)
    assert inside.get("/portal/").status_code == 302
    assert refresh(token).superseded_at is not None


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"my_password": "not mine at all"}, "my_password", "That is not your password."),
        ({"my_password": ""}, "my_password", "required"),
        ({"password": "short"}, "password", "too short"),
        ({"password": ""}, "password", "at least 12"),
        ({"username": "pat"}, "username", "not free"),
        ({"username": ""}, "username", "required"),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_set(cast, olivia, deeds, change, field, words):
    """TR-01: over the phone nothing without an identity check."""
    set_access(cast.paula)

    answer = olivia.post(page(cast.paula, "credentials/"), fields(**change))

    assert answer.status_code == 422
    assert words in " ".join(answer.context["form"].errors[field])
    assert (refresh(cast.paula).user, Delivery.objects.count(), deeds()) == (None, 0, [])


def test_nothing_is_set_without_an_identity_check(cast, olivia, check, deeds):
    """TR-01: not even for somebody at the desk."""
    set_access(cast.paula)
    check.passed = False

    answer = olivia.post(page(cast.paula, "credentials/"), fields())

    assert answer.status_code == 422
    assert "First verify who is asking" in answer.content.decode()
    assert (refresh(cast.paula).user, deeds()) == (None, [])


def test_an_identity_check_is_used_up(cast, open_gate):
    set_access(cast.paula)

    manual.set_credentials(
        patient=cast.paula, username="paula.p", password=TOLD, attestation_id="att-1", by=cast.olivia.actor
    )

    assert open_gate == [("att-1", "set_credentials")]
    assert AuditEvent.objects.get(action="access:set_credentials").facts == {"method": "checked"}


def test_without_access_there_is_nothing_to_set(cast):
    set_access(cast.paula, level=AccessLevel.NONE)

    with pytest.raises(errors.PortalNotEnabled):
        manual.set_credentials(
            patient=cast.paula, username="paula.p", password=TOLD, attestation_id="att-1", by=cast.olivia.actor
        )

    assert not User.objects.filter(username="paula.p").exists()


def test_a_user_name_alone_leaves_the_password_to_the_invitation(cast, olivia, client):
    """PC-46: the link then asks for a password only."""
    set_access(cast.paula)

    olivia.post(page(cast.paula, "credentials/"), fields(by_hand="", password=""))
    token = portal.open_link(cast.paula, "invite", at=timezone.now(), by=cast.olivia.actor)

    assert refresh(cast.paula).user.has_usable_password() is False
    assert "username" not in client.get(f"/portal/set-password/{token}/").context["form"].fields
    client.post(f"/portal/set-password/{token}/", {"password": OWN, "again": OWN})
    assert client.post("/portal/sign-in/", {"username": "paula.p", "password": OWN}).url == "/portal/"


def test_suggested_passwords_can_be_used_and_are_all_different():
    from django.contrib.auth.password_validation import validate_password

    made = {manual.suggest() for _ in range(50)}
    assert len(made) == 50
    for each in made:
        validate_password(each)


# --- pauses ---------------------------------------------------------------------------------------------------------
def test_staff_see_a_pause_and_end_it(cast, olivia, client):
    """OP: growing delays, never a lock; the office helps at once."""
    with time_machine.travel(NOON, tick=False):
        for _ in range(5):
            client.post("/portal/sign-in/", {"username": "pat", "password": "wrong"})
        assert client.post("/portal/sign-in/", {"username": "pat", "password": PASSWORD}).status_code == 429
        olivia = refresh_session(cast)
        assert "Sign-in is paused" in olivia.get(page(cast.pat)).content.decode()

        olivia.post(page(cast.pat, "clear-pause/"))

        assert "Sign-in is paused" not in olivia.get(page(cast.pat)).content.decode()
        assert client.post("/portal/sign-in/", {"username": "pat", "password": PASSWORD}).status_code == 302
    assert AuditEvent.objects.filter(action="account:clear-pause").count() == 1
    assert SignInThrottle.objects.count() <= 1


def refresh_session(cast):
    """A session that began at the time the story is set in."""
    from tests.cast import signed_in

    return signed_in(cast.olivia)


# --- deliveries -----------------------------------------------------------------------------------------------------
def test_every_mail_is_tracked_in_plain_words(cast, olivia, drain):
    """PC-57, PC-58, PC-60."""
    set_access(cast.paula)
    portal.resend_invitation(patient=cast.paula, by=cast.olivia.actor)
    assert "Waiting to be sent" in olivia.get(page(cast.paula)).content.decode()
    drain()
    shown = olivia.get(page(cast.paula)).content.decode()
    assert "Invitation" in shown
    assert "Taken by the patient" in shown
    assert "Its link still works and has not been used." in shown

    AccessToken.objects.update(used_at=timezone.now())
    assert "The patient has opened it and set a password." in olivia.get(page(cast.paula)).content.decode()

    Delivery.objects.update(state="failed", failed_at=timezone.now())
    dash = olivia.get(f"/desk/patients/{cast.paula.public_id}/").content.decode()
    assert "Came back: that address takes no mail." in dash
    assert "has opened it" not in dash


@pytest.mark.parametrize("rows", [1, 4])
def test_the_tab_costs_the_same_whatever_was_sent(cast, olivia, rows, django_assert_num_queries):
    set_access(cast.paula)
    for _ in range(rows):
        portal.resend_invitation(patient=cast.paula, by=cast.olivia.actor)
    olivia.get(page(cast.paula))
    with django_assert_num_queries(QUERIES):
        shown = olivia.get(page(cast.paula))
    assert len(shown.context["deliveries"]) == rows


QUERIES = 17  # beside those that look for an identity check


@pytest.mark.parametrize("by_hand", ["", "on"])
def test_of_two_clerks_with_two_user_names_the_second_is_told(cast, open_gate, by_hand, monkeypatch):
    """PC-53: otherwise a clerk reads out a name that nobody has."""
    from portal_core.access.views import patient as page

    set_access(cast.paula)
    stale = type(cast.paula).objects.get(pk=cast.paula.pk)  # read before the other clerk saved
    manual.set_username(patient=cast.paula, username="paula.first", by=cast.olivia.actor)
    before = User.objects.get(username="paula.first").password
    monkeypatch.setattr(page, "_patient", lambda request, public_id: stale)

    answer = signed_in(cast.olivia).post(
        f"/desk/patients/{cast.paula.public_id}/portal/credentials/",
        {"username": "paula.second", "by_hand": by_hand, "password": TOLD, "my_password": PASSWORD},
    )

    assert answer.status_code == 422
    assert "A colleague saved another user name" in answer.content.decode()
    assert User.objects.get(username="paula.first").password == before
    manual.set_username(patient=stale, username="Paula.First", by=cast.olivia.actor)  # a double click is no mistake
