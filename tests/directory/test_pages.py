import pytest


@pytest.mark.parametrize(
    "path", ["/desk/me/", "/desk/settings/staff/", "/desk/settings/telehealth/", "/desk/patients/"]
)
def test_pages_open(cast, staff_client, path):
    assert staff_client(cast.ana).get(path).status_code == 200
