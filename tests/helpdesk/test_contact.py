"""Contact us, from the outside."""

import re

import pytest
from django.test import Client
from django.utils.html import escape

from helpdesk import known_problems
from helpdesk.access import ticket_token
from helpdesk.contracts import KnownProblem
from helpdesk.enums import Category, Channel, RequesterKind, Side, TicketState
from helpdesk.models import Ticket
from portal_core.kernel.contracts import SYSTEM
from portal_core.notify.models import Delivery

URL = "/help/contact/"
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)


def typed(cast, **changes):
    values = {
        "who": "patient", "category": "LOGIN_PWD", "error_text": "Error 17", "body": "I forgot it again.",
        "office": cast.south.public_id, "name": "Pat Patient", "phone": "217-555-0100",
        "email": "pat@patients.example", "screen": "1920x1080", "idempotency_key": "key-1",
    }  # fmt: skip
    return {**values, **changes}


def test_contact_us_works_without_sign_in(cast, client, drain):
    """HD-01, TR-03: no session, and it lands at the office the patient named."""
    assert client.get(URL).status_code == 200

    answer = client.post(URL, typed(cast), headers={"user-agent": CHROME, "accept-language": "en-US,en;q=0.9"})

    ticket = Ticket.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/help/tickets/{ticket_token(ticket)}/"
    assert (ticket.office, ticket.side, ticket.category, ticket.state) == (
        cast.south, Side.OFFICE, Category.LOGIN_PWD, TicketState.NEW,
    )  # fmt: skip
    assert (ticket.requester_kind, ticket.channel) == (RequesterKind.PATIENT, Channel.WEB)
    assert (ticket.requester_name, ticket.requester_email, ticket.requester_phone, ticket.error_text) == (
        "Pat Patient", "pat@patients.example", "217-555-0100", "Error 17",
    )  # fmt: skip
    assert ticket.patient is None
    assert not {"staff_session", "patient_session"} & set(client.cookies)


def test_device_and_browser_are_noted(cast, client):
    """HD-18."""
    client.post(URL, typed(cast), headers={"user-agent": CHROME, "accept-language": "en-US,en;q=0.9"})

    assert Ticket.objects.get().device == {
        "browser": "Chrome 126", "os": "Windows 10 or newer", "screen": "1920x1080", "language": "en-US",
    }  # fmt: skip


def test_the_form_says_that_the_office_verifies_who_is_asking(cast, client):
    """HD-02; and it asks for nothing that would prove it (nothing typed for matching is stored)."""
    page = client.get(URL).content.decode()

    assert "The office will verify your identity before anything about an account is changed." in page
    assert "call 911" in page
    assert set(re.findall(r'name="([a-z_]+)"', page)) - {"viewport", "color-scheme", "theme-color", "htmx-config"} == {
        "csrfmiddlewaretoken", "idempotency_key", "who", "category", "error_text", "body", "office", "name", "phone",
        "email", "screen",
    }  # fmt: skip


def test_a_provider_reaches_it(cast, client):
    """TR-09, C6."""
    client.post(URL, typed(cast, who="provider", category="STAFF_HOWTO"))

    ticket = Ticket.objects.get()
    assert (ticket.side, ticket.requester_kind) == (Side.IT, RequesterKind.PROVIDER)


def test_who_does_not_know_the_office_reaches_the_main_one(cast, client):
    client.post(URL, typed(cast, office=""))

    assert Ticket.objects.get().office == cast.north


def test_receipt_is_mailed_once_with_the_number_and_nothing_of_what_was_written(cast, client, drain):
    client.post(URL, typed(cast))
    drain()
    drain()

    ticket, delivery = Ticket.objects.get(), Delivery.objects.get()
    assert (delivery.address, delivery.recipient_key) == ("pat@patients.example", f"ticket:{ticket.public_id}")
    message = delivery.message
    assert message.subject == f"We received your message ({ticket.reference})"
    assert f"/help/tickets/{ticket_token(ticket)}/" in message.text
    for secret in ("Pat", "forgot", "Error 17", "0100"):
        assert secret not in message.subject + message.text + message.html


def test_the_same_form_twice_is_one_message(cast, client, drain):
    """Double click, back button, replay."""
    first = client.post(URL, typed(cast))
    second = client.post(URL, typed(cast))
    drain()

    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_two_forms_are_two_messages(cast, client):
    client.post(URL, typed(cast))
    client.post(URL, typed(cast, idempotency_key="key-2"))

    assert Ticket.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"who": "admin"}, "who", "Select a valid choice"),
        ({"category": "NONSENSE"}, "category", "Select a valid choice"),
        ({"category": ""}, "category", "This field is required."),
        ({"body": "   "}, "body", "This field is required."),
        ({"body": "x" * 5001}, "body", "at most 5000 characters"),
        ({"body": "nul \x00"}, "body", "Null characters are not allowed."),
        ({"error_text": "x" * 1001}, "error_text", "at most 1000 characters"),
        ({"office": "0" * 20}, "office", "Select a valid choice"),
        ({"name": ""}, "name", "This field is required."),
        ({"email": "not an address"}, "email", "Enter a valid email address."),
        ({"email": '"a b"@example.org'}, "email", "Enter a valid email address."),
        ({"phone": "call me", "email": ""}, "phone", "Enter a phone number with area code."),
        ({"phone": "1" * 33}, "phone", "at most 32 characters"),
        ({"phone": "", "email": ""}, "phone", "Give a phone number or an e-mail address"),
    ],
)
def test_bad_input_is_answered_beside_the_field_and_keeps_what_was_typed(cast, client, changes, field, sentence):
    answer = client.post(URL, typed(cast, **changes))

    assert answer.status_code == 422
    assert any(sentence in error for error in answer.context["form"].errors[field]), answer.context["form"].errors
    kept = answer.content.decode()
    assert "I forgot it again." in kept or "body" in changes
    assert 'value="Pat Patient"' in kept or "name" in changes
    assert Ticket.objects.count() == 0


def test_a_closed_office_cannot_be_chosen(cast, client):
    cast.west.is_active = False
    cast.west.save()

    answer = client.post(URL, typed(cast, office=cast.west.public_id))

    assert answer.status_code == 422
    assert Ticket.objects.count() == 0


def test_a_huge_body_is_refused_whole(cast, client):
    answer = client.post(URL, typed(cast, body="x" * (2 * 1024 * 1024)))

    assert answer.status_code == 413
    assert Ticket.objects.count() == 0


def test_a_file_where_text_belongs_changes_nothing(cast, client):
    from django.core.files.uploadedfile import SimpleUploadedFile

    answer = client.post(URL, typed(cast, body=SimpleUploadedFile("a.txt", b"hello")))

    assert answer.status_code == 422
    assert Ticket.objects.count() == 0


def test_an_overlong_key_is_refused(cast, client):
    assert client.post(URL, typed(cast, idempotency_key="k" * 65)).status_code == 422
    assert Ticket.objects.count() == 0


def test_a_form_from_another_site_is_refused(cast):
    assert Client(enforce_csrf_checks=True).post(URL, typed(cast)).status_code == 403
    assert Ticket.objects.count() == 0


def test_one_address_is_slowed_down(cast, client):
    """And keeps what was typed: a waiting room is one address."""
    codes = [client.post(URL, typed(cast, email="", idempotency_key=f"k{n}")).status_code for n in range(20)]
    words = 'My portal says "account disabled" since Tuesday.'
    refused = client.post(URL, typed(cast, email="", body=words, idempotency_key="k20"))

    assert codes == [302] * 20
    assert Ticket.objects.count() == 20
    assert (refused.status_code, refused.context["form"]["body"].value()) == (429, words)
    assert escape(words) in refused.content.decode()
    minutes = -(-int(refused["Retry-After"]) // 60)
    assert refused.context["form"].non_field_errors() == [
        "This was sent too often. Nothing is lost: "
        + ("wait one minute" if minutes == 1 else f"wait {minutes} minutes") + ", then send it again."
    ]  # fmt: skip


def test_nobodys_mailbox_can_be_flooded(cast, client):
    codes = [client.post(URL, typed(cast, idempotency_key=f"k{n}")).status_code for n in range(7)]

    assert codes == [302] * 6 + [429]


@pytest.fixture
def a_known_problem(monkeypatch):
    problem = KnownProblem(
        title="Sign-in is slow", url="/status/incidents/abc/", categories=frozenset({Category.LOGIN_PWD})
    )
    monkeypatch.setattr(known_problems, "_providers", [lambda: [problem]])


def test_a_known_problem_is_told_before_the_form_is_sent(cast, client, a_known_problem):
    """SP-06: the status page before writing."""
    page = client.get(URL).content.decode()

    assert 'href="/status/incidents/abc/">Sign-in is slow</a>' in page
    assert 'data-known-for="LOGIN_PWD "' in page


def test_people_can_write_to_us_while_the_status_page_is_broken(cast, client, monkeypatch):
    def broken():
        raise RuntimeError

    monkeypatch.setattr(known_problems, "_providers", [broken])

    assert client.get(URL).status_code == 200


def test_an_article_sets_the_category(cast, client):
    page = client.get(f"{URL}?about=TH_AV")
    assert page.context["form"].initial == {"category": "TH_AV"}
    assert client.get(f"{URL}?about=NONSENSE").context["form"].initial == {}


@pytest.mark.parametrize("offices", [1, 40])
def test_the_form_costs_the_same_for_one_and_for_many_offices(cast, client, offices, django_assert_num_queries):
    from portal_core.directory.models import Office

    Office.objects.filter(practice=cast.elsewhere).update(is_active=False)
    for number in range(offices - 1):
        Office.objects.create(practice=cast.practice, name=f"Office {number:02}")
    with django_assert_num_queries(4):  # offices, their hours, their days off, active incidents
        client.get(URL)


def test_an_active_incident_shows_beside_the_trouble_it_explains(cast, client):
    """SP-06; the status page and this form stand side by side and are joined from above."""
    from statuspage import queries as statuspage
    from statuspage.actions import incidents, pages

    pages.set_up(name="Larkfield", time_zone="America/Chicago", url="http://testserver/status/", by=SYSTEM)
    portal = next(row.id for row in statuspage.components() if row.slug == "patient-portal")
    incidents.declare(
        name="The portal is slow", body="We look into it.", components={portal: "degraded_performance"},
        by=cast.ines.actor, key="k1",
    )  # fmt: skip

    page = client.get(URL).content.decode()

    assert ">The portal is slow</a>" in page
    assert "SLOW" in page[page.index("data-known-for") :][:300]
    assert "TH_AV" not in page[page.index("data-known-for") :][:300]


def test_somebody_elses_key_does_not_open_a_ticket(cast, client):
    """The answer is a link to the ticket: who repeats a key with other details gets a ticket of their own."""
    first = client.post(URL, typed(cast))
    other = client.post(URL, typed(cast, name="Mallory", email="mallory@example.org", body="Hello"))

    assert first["Location"] != other["Location"]
    assert Ticket.objects.count() == 2
