"""The same form sent again is done once; the same form with other words is refused, and the words stay."""

import re

import pytest

from helpdesk.access import ticket_token
from portal_core.kernel.errors import KeyUsed
from tests.helpdesk.factories import TicketFactory, refresh

pytestmark = pytest.mark.django_db

OTHER = "Other words, typed after going back."


@pytest.fixture
def ticket(cast):
    return TicketFactory(office=cast.north, patient=cast.pat, state="open")


@pytest.mark.parametrize("page", ["office", "portal", "link"])
def test_other_words_under_a_used_key_are_refused_and_stay_on_the_page(
    cast, staff_client, patient_client, client, ticket, page
):
    visitor, address = {
        "office": lambda: (staff_client(cast.olivia), f"/triage/office/tickets/{ticket.public_id}/reply/"),
        "portal": lambda: (patient_client(cast.pat), f"/portal/requests/{ticket.public_id}/reply/"),
        "link": lambda: (client, f"/help/tickets/{ticket_token(ticket)}/reply/"),
    }[page]()
    form = {"body": "First words.", "idempotency_key": "k1"}
    answers = [visitor.post(address, form).status_code for _ in range(2)]

    refused = visitor.post(address, form | {"body": OTHER})

    assert (answers, refused.status_code) == ([302, 302], KeyUsed.status)
    assert [row.body for row in ticket.messages.all() if row.body in ("First words.", OTHER)] == ["First words."]
    page = refused.content.decode()
    assert OTHER in page
    assert "What you wrote now was not sent." in page
    fresh = re.findall(r'name="idempotency_key" value="(\w+)"', page)
    assert fresh
    assert "k1" not in fresh
    assert visitor.post(address, {"body": OTHER, "idempotency_key": fresh[0]}).status_code == 302
    assert [row.body for row in ticket.messages.all() if row.body == OTHER] == [OTHER]


def test_the_api_refuses_another_body_under_a_used_key(cast, staff_client, ticket):
    olivia, address = staff_client(cast.olivia), f"/api/v1/tickets/{ticket.public_id}/messages/"

    def send(body: str, visibility: str = "patient") -> tuple[int, str]:
        answer = olivia.post(
            address, {"body": body, "visibility": visibility}, content_type="application/json",
            headers={"Idempotency-Key": "k1"},
        )  # fmt: skip
        return answer.status_code, answer.json().get("error", {}).get("code", "")

    assert [send("Hello."), send("Hello."), send(OTHER), send("Hello.", "internal")] == [
        (201, ""), (201, ""), (409, "key_used"), (409, "key_used"),
    ]  # fmt: skip
    assert ticket.messages.filter(body__in=["Hello.", OTHER]).count() == 1


def test_ticking_others_after_going_back_does_what_is_ticked_now(cast, staff_client, ticket):
    second, olivia = TicketFactory(office=cast.north, patient=cast.piet), staff_client(cast.olivia)
    form = {"do": "take", "idempotency_key": "k1"}

    for row in (ticket, ticket, second):
        assert olivia.post("/triage/office/bulk/", form | {"ticket": row.public_id}).status_code == 200

    assert [row.owner for row in (refresh(ticket), refresh(second))] == [cast.olivia] * 2
