"""The desks for programs: the same doors, the same refusals, one shape. HD-17 TR-01."""

import jsonschema
import pytest
from django.test import Client

from helpdesk.enums import RequesterKind, Side
from helpdesk.models import TicketMessage
from portal_core.access.models import AccessToken, RegistrationPin
from portal_core.accounts.actions import tokens
from portal_core.kernel.models import AuditEvent
from tests.cast import PASSWORD, signed_in
from tests.helpdesk.factories import TicketFactory
from tests.triage.factories import FlagFactory
from triage.actions import escalations
from triage.enums import CallChannel, Method, Purpose
from triage.models import Escalation

TICKETS, FLAGS = "/api/v1/tickets/", "/api/v1/flags/"


@pytest.fixture
def olivia(cast):
    return program(cast.olivia)


@pytest.fixture
def ian(cast):
    return program(cast.ian)


def program(staff) -> Client:
    secret = tokens.create(user=staff.user, name="test", by=staff.actor)[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def post(client: Client, path: str, body: object = None, **headers: str):
    return client.post(path, body if body is not None else {}, content_type="application/json", headers=headers)


def test_an_office_lists_and_reads_its_own_tickets(cast, ticket, olivia):
    TicketFactory(office=cast.south)

    listed = olivia.get(TICKETS).json()

    assert [row["id"] for row in listed["results"]] == [ticket.public_id]
    assert (listed["after"], listed["results"][0]["turn"]) == ("", "office")
    assert listed["results"][0]["owner"] == {"id": cast.olivia.public_id, "name": "Olivia Staff"}
    whole = olivia.get(f"{TICKETS}{ticket.public_id}/").json()
    assert (whole["reference"], whole["messages"]) == (ticket.reference, [])
    assert set(AuditEvent.objects.filter(facts__way="api").values_list("action", flat=True)) == {
        "ticket:list", "ticket:read",
    }  # fmt: skip


def test_pages_follow_each_other(cast, olivia):
    made = {TicketFactory(office=cast.north).public_id for _ in range(3)}

    first = olivia.get(f"{TICKETS}?limit=2").json()
    second = olivia.get(TICKETS, {"limit": 2, "after": first["after"]}).json()

    assert [len(first["results"]), len(second["results"]), second["after"]] == [2, 1, ""]
    assert {row["id"] for row in [*first["results"], *second["results"]]} == made
    for odd in ("0", "-1", "x", "9999999", "²"):
        assert olivia.get(f"{TICKETS}?limit={odd}&after=nonsense&turn=nobody-knows&side=").status_code == 200


def test_take_write_and_solve(cast, olivia):
    row = TicketFactory(office=cast.north)
    at = f"{TICKETS}{row.public_id}/"

    assert post(olivia, f"{at}take/").json()["state"] == "open"
    answer = post(olivia, f"{at}messages/", {"body": "Try it now.", "visibility": "patient", "expects_answer": True})
    assert (answer.status_code, answer.json()["state"]) == (201, "wait_patient")
    assert post(olivia, f"{at}messages/", {"body": "Called."}).json()["messages"][-1]["visibility"] == "internal"
    assert post(olivia, f"{at}solve/", {"resolution": "office"}).json()["state"] == "solved"
    again = post(olivia, f"{at}solve/", {"resolution": "office"})
    assert again.status_code == 409
    assert set(again.json()["error"]) >= {"code", "message", "request_id"}


def test_the_same_key_writes_once(cast, ticket, olivia):
    path = f"{TICKETS}{ticket.public_id}/messages/"
    for _ in range(2):
        assert post(olivia, path, {"body": "Called."}, **{"Idempotency-Key": "k-1"}).status_code == 201
    assert TicketMessage.objects.filter(ticket=ticket).count() == 1
    assert post(olivia, path, {"body": "Called."}, **{"Idempotency-Key": "x" * 65}).status_code == 422


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("messages/", {}, "body"),
        ("messages/", {"body": ""}, "body"),
        ("messages/", {"body": "x" * 5001}, "body"),
        ("messages/", {"body": "x", "visibility": "everybody"}, "visibility"),
        ("solve/", {"resolution": "magic"}, "resolution"),
    ],
)
def test_bad_input_names_its_field_and_writes_nothing(ticket, olivia, path, body, field):
    answer = post(olivia, f"{TICKETS}{ticket.public_id}/{path}", body)
    assert answer.status_code in (400, 422)
    assert field in answer.json()["error"]["fields"]
    assert TicketMessage.objects.count() == 0


def test_what_is_no_json_is_refused(ticket, olivia):
    path = f"{TICKETS}{ticket.public_id}/messages/"
    assert olivia.post(path, b"{", content_type="application/json").status_code == 400
    assert olivia.post(path, b"body=x", content_type="text/plain").status_code == 415
    assert olivia.post(path, b"[1]", content_type="application/json").status_code in (400, 422)


@pytest.mark.parametrize("name", ["ian", "oscar", "carla", "charlie"])
def test_a_stranger_to_the_office_finds_no_ticket(cast, ticket, name):
    """TR-01: IT sees no patient's ticket, not even that there is one."""
    client = program(getattr(cast, name))
    for method, path in (("get", ""), ("post", "take/"), ("post", "messages/"), ("post", "solve/")):
        sent = {} if method == "get" else {"data": {"body": "x", "resolution": "office"}}
        answer = getattr(client, method)(f"{TICKETS}{ticket.public_id}/{path}", content_type="application/json", **sent)
        assert answer.status_code in (403, 404), (name, path)
    assert TicketMessage.objects.count() == 0


def test_it_reads_what_was_written_to_it(cast, ian):
    TicketFactory(office=cast.north)
    theirs = TicketFactory(office=cast.north, side=Side.IT, requester_kind=RequesterKind.PROVIDER)

    assert [row["id"] for row in ian.get(TICKETS).json()["results"]] == [theirs.public_id]
    assert ian.get(f"{TICKETS}?side=office").json()["results"] == []


def test_flags_carry_no_patient(cast, ticket, ian):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, ticket=ticket, patient_initials="P. L.")

    answer = ian.get(f"{FLAGS}{flag.public_id}/")

    assert answer.json()["patient_initials"] == "P. L."
    assert cast.pat.last_name not in answer.content.decode()
    assert cast.pat.public_id not in answer.content.decode()
    assert [row["id"] for row in ian.get(FLAGS).json()["results"]] == [flag.public_id]
    assert program(cast.olivia).get(FLAGS).status_code == 403


def test_accept_ask_and_answer(cast, ian):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    at = f"{FLAGS}{flag.public_id}/"

    assert post(ian, f"{at}accept/").json()["state"] == "investigating"
    assert post(program(cast.ines), f"{at}accept/").status_code == 409
    assert post(ian, f"{at}ask/", {"text": "Which browser?"}).json()["turn"] == "office"
    escalations.reply_to_it(flag=flag, text="Safari.", staff=cast.olivia, by=cast.olivia.actor)
    assert post(ian, f"{at}answer/", {"text": "The filter held it back. Sent again."}).json()["state"] == "answered"


def test_decline_by_code(cast, ian):
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    path = f"{FLAGS}{flag.public_id}/decline/"

    assert "code" in post(ian, path, {"code": "BECAUSE"}).json()["error"]["fields"]
    assert post(Client(), path, {"code": "NOT_IT"}).status_code == 401
    assert post(ian, path, {"code": "NOT_IT"}).json()["state"] == "returned"
    assert post(ian, path, {"code": "NOT_IT"}).status_code == 409
    assert Escalation.objects.get().refusal == "NOT_IT"


def test_a_pin_and_a_link_use_up_the_check_of_their_ticket(cast, ticket, olivia, attest):
    """TR-04, PC-56: the PIN is told once; the same check, or one of another ticket, does nothing."""
    pin_check = attest(methods=(Method.K, Method.E1), channel=CallChannel.IN_PERSON, purpose=Purpose.PIN).public_id
    other = TicketFactory(office=cast.north, patient=cast.pat)
    at = f"{TICKETS}{ticket.public_id}/"
    assert "attestation_id" in post(olivia, f"{at}pin/").json()["error"]["fields"]
    assert post(olivia, f"{TICKETS}{other.public_id}/pin/", {"attestation_id": pin_check}).status_code == 409

    told = post(olivia, f"{at}pin/", {"attestation_id": pin_check})

    assert (told.status_code, len(told.json()["pin"])) == (201, 9)
    assert post(olivia, f"{at}pin/", {"attestation_id": pin_check}).status_code == 409
    assert RegistrationPin.objects.filter(patient=cast.pat, voided_at=None).count() == 1
    assert told.json()["pin"] not in str(list(TicketMessage.objects.values_list("body")))

    reset = attest(methods=(Method.K, Method.E3)).public_id
    sent = post(olivia, f"{at}link/", {"attestation_id": reset})
    assert "Sent the reset link" in sent.json()["messages"][-1]["body"]
    assert post(olivia, f"{at}link/", {"attestation_id": reset}).status_code == 409
    assert AccessToken.objects.count() == 1


def test_from_the_check_at_the_desk_to_the_link_by_a_program(cast, olivia, attest):
    """TR-04: what the desk verified carries one link; the program finds the check and names it."""
    at = f"/api/v1/patients/{cast.pat.public_id}/portal/"
    assert olivia.get(f"{at}proofs/").json()["results"] == []
    found = attest(methods=(Method.K, Method.E3)).public_id

    told = olivia.get(f"{at}proofs/").json()["results"]

    assert [(row["action"], row["attestation_id"]) for row in told] == [("send_reset_link", found)]
    assert post(program(cast.oscar), f"{at}links/", {"attestation_id": found}).status_code == 404
    assert post(olivia, f"{at}credentials/", {"password": "tomari-venudo-4827", "attestation_id": found,
                                              "my_password": PASSWORD}).status_code == 403  # fmt: skip
    assert post(olivia, f"{at}links/", {"attestation_id": found}).json()["purpose"] == "reset"
    assert post(olivia, f"{at}links/", {"attestation_id": found}).status_code == 403
    assert olivia.get(f"{at}proofs/").json()["results"] == []
    assert AccessToken.objects.count() == 1


@pytest.mark.parametrize(("name", "status"), [("ian", 403), ("oscar", 404), ("carla", 403), ("charlie", 404)])
@pytest.mark.parametrize("deed", ["link", "pin", "second-step"])
def test_strangers_use_no_check(cast, ticket, attest, name, status, deed):
    found = attest()
    path = f"{TICKETS}{ticket.public_id}/{deed}/"

    answer = post(program(getattr(cast, name)), path, {"attestation_id": found.public_id})

    assert answer.status_code == status
    assert type(found).objects.get().consumed_at is None


def test_too_many_requests_are_told_to_wait(cast, olivia, monkeypatch):
    monkeypatch.setattr("portal_core.directory.api.PER_MINUTE", 2)
    assert [olivia.get(TICKETS).status_code for _ in range(3)] == [200, 200, 429]
    assert int(olivia.get(TICKETS)["Retry-After"]) <= 60


def test_answers_are_as_described(cast, ticket, olivia, ian):
    schema = signed_in(cast.olivia).get("/api/v1/schema/?format=json").json()
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia, ticket=ticket)
    for client, path, shape in (
        (olivia, TICKETS, "TicketPageShape"),
        (olivia, f"{TICKETS}{ticket.public_id}/", "TicketWithMessagesShape"),
        (ian, FLAGS, "FlagPageShape"),
        (ian, f"{FLAGS}{flag.public_id}/", "FlagShape"),
    ):
        described = {"$ref": f"#/components/schemas/{shape}", "components": schema["components"]}
        jsonschema.Draft202012Validator(described).validate(client.get(path).json())
