"""The search page of the two desks."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from helpdesk.actions import search as indexing
from helpdesk.enums import Side
from portal_core.kernel.models import AuditEvent
from tests.helpdesk.factories import TicketFactory, TicketMessageFactory


@pytest.fixture
def page():
    return reverse("triage:find")


@pytest.fixture
def teapot(cast):
    row = TicketFactory(office=cast.north, patient=cast.pat, requester_name="Ada <b>Bold</b>")
    TicketMessageFactory(ticket=row, body="It says: <script>I am a teapot</script>")
    other = TicketFactory(office=cast.north, side=Side.IT, requester_kind="provider", error_text="Teapot for two")
    indexing.index_many([row, other])
    return row


def test_an_office_finds_tickets_and_people_with_the_words_marked(cast, staff_client, page, teapot):
    answer = staff_client(cast.olivia).post(page, {"q": "teap pat"})

    text = answer.content.decode()
    assert answer.status_code == 200
    assert reverse("triage:office-ticket", args=[teapot.public_id]) in text
    assert "It says: &lt;script&gt;I am a <mark>teapot</mark>&lt;/script&gt;" in re.sub(r"\s+", " ", text)
    assert "Ada &lt;b&gt;Bold&lt;/b&gt;" in text

    text = staff_client(cast.olivia).post(page, {"q": "pat"}).content.decode()
    assert reverse("directory:patient", args=[cast.pat.public_id]) in text
    assert teapot.reference in text
    assert list(AuditEvent.objects.order_by("-id").values_list("action", flat=True)[:2]) == [
        "patient:search", "ticket:search",
    ]  # fmt: skip
    assert not AuditEvent.objects.filter(facts__icontains="teap").exists()  # how many, never what was searched for


def test_it_finds_what_was_written_to_it_and_nobody(cast, staff_client, page, teapot):
    """TR-01: no patient, no patient's ticket."""
    text = staff_client(cast.ian).post(page, {"q": "teapot"}).content.decode()

    assert "<mark>Teapot</mark> for two" in text
    assert teapot.reference not in text
    for name in ("pat", cast.pat.mrn, teapot.reference):
        text = staff_client(cast.ian).post(page, {"q": name}).content.decode()
        assert teapot.reference not in text.replace(f'value="{name}"', "")
        assert cast.pat.public_id not in text


def test_the_part_alone_for_a_live_search_and_the_door_for_others(cast, staff_client, client, page, teapot):
    part = staff_client(cast.olivia).post(page, {"q": "teapot"}, headers={"HX-Request": "true"}).content.decode()

    assert part.strip().startswith('<section id="results"')
    assert staff_client(cast.olivia).post(page, {"q": "t"}).status_code == 422
    assert "Nothing found" in staff_client(cast.olivia).post(page, {"q": "samovar"}).content.decode()
    assert staff_client(cast.carla).post(page, {"q": "teapot"}).status_code == 403
    assert client.post(page, {"q": "teapot"}).status_code == 302
    assert staff_client(cast.olivia).get(page).status_code == 200


def test_the_search_costs_the_same_for_one_hit_and_for_many(cast, staff_client, page, teapot):
    olivia = staff_client(cast.olivia)
    olivia.post(page, {"q": "pat"})
    with CaptureQueriesContext(connection) as few:
        olivia.post(page, {"q": "pat"})
    rows = [TicketFactory(office=cast.north, patient=cast.pat) for _ in range(4)]
    for row in rows:
        TicketMessageFactory(ticket=row, body="Pat again")
    indexing.index_many(rows)
    with CaptureQueriesContext(connection) as many:
        olivia.post(page, {"q": "pat"})

    assert len(many) == len(few)
