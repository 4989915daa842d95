"""The practice's settings of portal access, for programs of an owner or administrator."""

import pytest
from django.test import Client

from portal_core.accounts.actions import tokens
from portal_core.directory.models import Practice
from portal_core.kernel.models import AuditEvent

PATH = "/api/v1/settings/"
USUAL = {
    "self_registration": False, "staff_second_step": False, "patient_support_mode": "office_only",
    "proxy_limited_from": 12, "proxy_own_from": 18,
}  # fmt: skip


def program(staff) -> Client:
    secret = tokens.create(user=staff.user, name="test", by=staff.actor)[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def change(client: Client, body: object):
    return client.patch(PATH, body, content_type="application/json")


def test_they_are_read_and_changed_one_by_one(cast):
    ana = program(cast.ana)
    assert ana.get(PATH).json() == USUAL

    wanted = {"self_registration": True, "patient_support_mode": "patient_line", "proxy_own_from": 19}
    told = change(ana, wanted).json()

    assert told == {**USUAL, **wanted}
    assert told == ana.get(PATH).json()
    assert Practice.objects.get(pk=cast.elsewhere.pk).proxy_own_from == 18
    actions = AuditEvent.objects.filter(action__startswith="practice:set").values_list("action", flat=True)
    assert set(actions) == {
        "practice:set-self-registration", "practice:set-patient-line", "practice:set-proxy-ages",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"proxy_own_from": 11}, "proxy_own_from"),
        ({"proxy_limited_from": 19}, "proxy_limited_from"),
        ({"proxy_own_from": "x"}, "proxy_own_from"),
        ({"self_registration": "perhaps"}, "self_registration"),
        ({"patient_support_mode": "everybody"}, "patient_support_mode"),
    ],
)
def test_all_or_nothing(cast, body, field):
    answer = change(program(cast.ana), {"staff_second_step": True, **body})

    assert answer.status_code == 422
    assert field in answer.json()["error"]["fields"]
    assert Practice.objects.get(pk=cast.practice.pk).staff_second_step is False


@pytest.mark.parametrize("who", ["olivia", "carla", "ian", "omar"])
def test_others_neither_read_nor_change(cast, who):
    client = program(getattr(cast, who))
    assert (client.get(PATH).status_code, change(client, {"proxy_own_from": 21}).status_code) == (403, 403)
    assert Practice.objects.get(pk=cast.practice.pk).proxy_own_from == 18
