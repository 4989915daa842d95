"""We prove ourselves to the patient: the words we say first stand wherever a call is logged (HD-08)."""

from django.urls import reverse

from helpdesk.models import Ticket
from tests.helpdesk.factories import TicketFactory
from triage.identity import words_of


def url(name, *args):
    return reverse(f"triage:{name}", args=args)


def test_they_stand_beside_each_open_ticket_of_the_caller(cast, olivia, ticket):
    other = TicketFactory(office=cast.north, patient=cast.pat)
    page = olivia.post(url("call"), {"pick": cast.pat.public_id}).content.decode()

    assert words_of(ticket) != words_of(other)
    for row in (ticket, other):
        assert f"Calling them? Say first: <strong>{words_of(row)}</strong>" in page


def test_whoever_logged_a_call_is_told_what_to_say_when_calling_back(cast, olivia):
    typed = {"category": "LOGIN_PWD", "office": cast.north.public_id, "do": "log", "idempotency_key": "k"}
    page = olivia.post(url("call"), typed, follow=True).content.decode()

    assert f"If you call them back, say first: {words_of(Ticket.objects.get())}" in page


def test_they_stand_where_a_call_about_a_ticket_is_noted_also_for_an_unknown_caller(cast, olivia, ticket):
    stranger = TicketFactory(office=cast.north)
    for row in (ticket, stranger):
        page = olivia.get(url("office-ticket", row.public_id)).content.decode()
        assert f"When you call them, say first: <strong>{words_of(row)}</strong>" in " ".join(page.split()), row


def test_a_solved_ticket_needs_none(cast, olivia):
    done = TicketFactory(office=cast.north, patient=cast.pat, state="solved")
    assert words_of(done) not in olivia.get(url("office-ticket", done.public_id)).content.decode()


def test_managers_find_colleagues_to_confirm_in_their_menu(cast, olivia, staff_client):
    """Whoever may agree has the way there: managers of an office, and keepers of the practice's settings."""
    link = f'href="{url("staff-checks")}"'
    for staff, there in ((cast.oscar, True), (cast.ana, True), (cast.olivia, False), (cast.ian, False)):
        page = staff_client(staff).get(reverse("helpdesk:library")).content.decode()
        assert (link in page) is there, staff
