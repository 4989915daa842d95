"""Everything is closed unless it says otherwise."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.response import Response
from rest_framework.views import APIView

from portal_core.directory.enums import Permission
from portal_core.directory.guards import PatientApi, patient_page, public_page, staff_api, staff_page


def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse("in")


class Closed(APIView):
    def get(self, request):
        return Response({"who": request.user.username})

    post = get


class Desk(Closed):
    permission_classes = [staff_api(Permission.IT_DESK)]


class Mine(Closed):
    permission_classes = [PatientApi]


class Open(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request):
        return Response("open")


urlpatterns = [
    path("bare/", bare),
    path("open/", public_page(lambda request: HttpResponse("open"))),
    path("desk/bare/", bare),
    path("desk/it/", staff_page(Permission.IT_DESK)(bare)),
    path("desk/either/", staff_page(Permission.IT_DESK, Permission.OFFICE_DESK)(bare)),
    path("portal/mine/", patient_page(bare)),
    path("api/v1/closed/", Closed.as_view()),
    path("api/v1/it/", Desk.as_view()),
    path("api/v1/open/", Open.as_view()),
    path("api/v1/portal/mine/", Mine.as_view()),
    path("api/closed/", Closed.as_view()),
    path("api/open/", Open.as_view()),
]
pytestmark = pytest.mark.urls("tests.accounts.test_closed_by_default")


@pytest.fixture(autouse=True)
def _plain_error_page(settings, tmp_path):
    """The site's error page links to pages that this little urlconf does not have."""
    folder = tmp_path / "kernel"
    folder.mkdir()
    (folder / "error.html").write_text("{{ title }}")
    templates = {**settings.TEMPLATES[0], "DIRS": [tmp_path]}
    settings.TEMPLATES = [templates]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/bare/", 404),
        ("/open/", 200),
        ("/desk/bare/", 302),
        ("/desk/it/", 302),
        ("/portal/mine/", 302),
        ("/api/v1/closed/", 401),
        ("/api/v1/it/", 401),
        ("/api/v1/open/", 200),
        ("/api/v1/portal/mine/", 401),
        ("/api/closed/", 401),
        ("/api/open/", 200),
    ],
)
def test_what_a_stranger_may_open(db, address, status):
    assert Client().get(address).status_code == status


def test_an_api_refusal_has_the_one_shape(db):
    answer = Client().get("/api/v1/closed/").json()

    assert answer["error"]["code"] == "sign_in_required"
    assert set(answer["error"]) == {"code", "message", "request_id"}


def test_a_bare_public_view_is_closed_to_staff_too(cast, staff_client):
    assert staff_client(cast.ana).get("/bare/").status_code == 404


@pytest.mark.parametrize(
    ("who", "address", "status"),
    [
        ("ian", "/desk/it/", 200),
        ("olivia", "/desk/it/", 403),
        ("olivia", "/desk/either/", 200),
        ("carla", "/desk/either/", 403),
        ("ian", "/api/v1/it/", 200),
        ("olivia", "/api/v1/it/", 403),
        ("pat", "/api/v1/it/", 401),
        ("pat", "/api/v1/portal/mine/", 200),
        ("olivia", "/api/v1/portal/mine/", 401),
        ("pat", "/portal/mine/", 200),
        ("olivia", "/portal/mine/", 302),
    ],
)
def test_the_marks_say_who(cast, staff_client, who, address, status):
    assert staff_client(getattr(cast, who)).get(address).status_code == status


def test_the_api_enforces_csrf(cast, staff_client):
    client = Client(enforce_csrf_checks=True)
    client.cookies = staff_client(cast.ian).cookies

    assert client.post("/api/v1/closed/", {}, content_type="application/json").status_code == 403
    assert staff_client(cast.ian).post("/api/v1/closed/", {}, content_type="application/json").status_code == 200


def test_htmx_without_a_session_is_led_to_the_door_and_back_to_its_page(db):
    response = Client().get(
        "/desk/bare/", HTTP_HX_REQUEST="true", HTTP_HX_CURRENT_URL="http://testserver/desk/patients/?page=2"
    )

    assert (response.status_code, response["HX-Redirect"]) == (200, "/desk/sign-in/?next=/desk/patients/%3Fpage%3D2")


def test_a_post_without_a_session_does_not_come_back_to_itself(db):
    assert Client().post("/desk/bare/").url == "/desk/sign-in/"


def test_a_user_without_a_person_gets_403(db):
    from tests.cast import signed_in
    from tests.factories import StaffFactory

    staff = StaffFactory()
    client = signed_in(staff)
    staff.is_active = False
    staff.save()

    assert client.get("/desk/either/").status_code == 403
