"""Practice Settings → Offices: what patients choose from and letters tell them to call (TR-03)."""

import pytest

from portal_core.directory.models import Office
from portal_core.kernel.models import AuditEvent

LIST = "/desk/settings/offices/"


def typed(**changes: str) -> dict[str, str]:
    return {
        "name": "East", "phone": "+12175550188", "street": "7 East Road", "city": "Larkfield", "state": "IL",
        "zip": "62701", "time_zone": "", "idempotency_key": "k1", **changes,
    }  # fmt: skip


def test_an_office_is_added_once_and_patients_can_choose_it(cast, staff_client, client):
    ana = staff_client(cast.ana)
    for _ in range(2):
        assert ana.post(f"{LIST}new/", typed())["Location"] == LIST

    east = Office.objects.get(name="East")
    assert (east.practice, east.phone, east.is_main, east.zone) == (
        cast.practice, "+12175550188", False, "America/Chicago",
    )  # fmt: skip
    assert "(217) 555-0188" in ana.get(LIST).content.decode()
    assert "East" in client.get("/help/contact/").content.decode()
    assert AuditEvent.objects.filter(action="office:open").count() == 1


def test_an_office_gets_another_number(cast, staff_client):
    ana, page = staff_client(cast.ana), f"{LIST}{cast.north.public_id}/"
    assert 'value="North"' in ana.get(page).content.decode()

    for _ in range(2):
        assert ana.post(page, typed(name="North", time_zone="America/Denver")).status_code == 302

    cast.north.refresh_from_db()
    assert (cast.north.phone, cast.north.zone, cast.north.is_main) == ("+12175550188", "America/Denver", True)
    line = AuditEvent.objects.get(action="office:edit")
    assert line.facts["fields"] == ["phone", "street", "city", "state", "zip", "time_zone"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "south"}, "Another office has that name"),
        ({"name": ""}, "This field is required"),
        ({"time_zone": "Chicago"}, "Write it like America/Chicago"),
    ],
)
def test_what_cannot_be_used_is_said_and_kept(cast, staff_client, changes, says):
    ana, before = staff_client(cast.ana), list(Office.objects.order_by("pk").values())

    for page in (f"{LIST}new/", f"{LIST}{cast.north.public_id}/"):
        answer = ana.post(page, typed(**changes))
        assert answer.status_code == 422
        assert says in answer.content.decode()
        assert "7 East Road" in answer.content.decode()

    assert list(Office.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("name", ["olivia", "ines", "carla"])
def test_others_change_no_office(cast, staff_client, name):
    visitor = staff_client(getattr(cast, name))

    for page in (f"{LIST}new/", f"{LIST}{cast.north.public_id}/"):
        assert visitor.post(page, typed()).status_code == 403
    assert staff_client(cast.ana).post(f"{LIST}{cast.elsewhere_office.public_id}/", typed()).status_code == 404
    assert not Office.objects.filter(name="East").exists()
