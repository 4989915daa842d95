"""What somebody tries who should not: IT over every address and socket, and guessing, replaying, going round."""

import datetime as dt

import pytest
from asgiref.sync import async_to_sync
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal_core.accounts.sessions import realm_of
from portal_core.directory.people import people_for_websocket
from portal_core.kernel import clock
from portal_core.kernel.enums import Realm
from portal_core.kernel.models import AuditEvent
from tests.cast import signed_in
from tests.helpdesk.factories import TicketFactory
from tests.house.urls import STRANGE_ID, addresses
from tests.scheduling.factories import AppointmentFactory
from tests.triage.factories import AttemptFactory, AttestationFactory, FlagFactory, HoldFactory, refresh
from triage import errors
from triage.actions import verification
from triage.enums import AttemptOutcome, Level, Method, Purpose
from triage.models import Attestation, VerificationAttempt, VerificationHold
from triage.routing import websocket_urlpatterns
from triage.rules.purposes import LEAST_LEVEL, PURPOSE_OF, TERMS
from triage.rules.verification import Evidence, at_least, judge, required_level

LEAVES_OR_ENDS = ("sign-out", "sign-in", "password", "hat", "second-step", "profile")
FORM = {
    "channel": "phone", "purpose": "reset", "method": "e3", "flag": "pressure", "on": "1", "body": "x", "text": "x",
    "q": "Quill", "resolution": "office", "step": "check_setup", "category": "SLOW", "do": "log",
    "evidence": "photo_id", "answer": "yes", "code": "000000", "idempotency_key": "k",
}  # fmt: skip


def test_it_reaches_no_verification_and_no_chart_at_any_address(cast, ticket, staff_client):
    """TR-01, C6: every address of the staff's side with the ids of one patient, as an IT agent, GET and POST."""
    pat = cast.pat
    details = {
        "last_name": "Quillfeather",
        "mrn": "MRN-QX-77",
        "email": "quill@feather.example",
        "phone": "+12175550788",
    }
    type(pat).objects.filter(pk=pat.pk).update(street="77 Quillfeather Lane", **details)
    attempt = AttemptFactory(ticket=ticket, attester=cast.olivia)
    proof = AttestationFactory(
        attempt=AttemptFactory(
            ticket=TicketFactory(office=cast.north, patient=pat), attester=cast.olivia, outcome=AttemptOutcome.PASSED
        )
    )
    hold = HoldFactory(patient=pat, opened_at=clock.now() - dt.timedelta(days=1))
    flag = FlagFactory(office=cast.north, sent_by=cast.olivia)
    visit = AppointmentFactory(clinician=cast.carla, patient=pat)
    first_of = {"patient": pat, "appointment": visit, "visit": visit, "flag": flag, "office": cast.north}
    ian, tried, leaks, broken = staff_client(cast.ian), 0, [], []
    begun = AuditEvent.objects.count()

    for address in addresses():
        staff_side = realm_of(address.path) is Realm.STAFF or "not-me" in address.pattern
        if not staff_side or any(word in address.pattern for word in LEAVES_OR_ENDS):
            continue
        before_id = address.path.partition(STRANGE_ID)[0]
        first = next((one for word, one in first_of.items() if word in before_id and "ticket" not in before_id), ticket)
        path = address.path.replace(STRANGE_ID, first.public_id, 1)
        own = {"attestation": [proof], "hold": [hold], "/flag/": [flag]}
        for one in next((ones for word, ones in own.items() if word in path), [attempt]):
            path = path.replace(STRANGE_ID, one.public_id)
        for answer in (ian.get(path), ian.post(path, FORM | {"patient": pat.public_id})):
            tried += 1
            text = b"".join(answer) if answer.streaming else answer.content
            if any(word.encode() in text for word in ("Quillfeather", *details.values())):
                leaks.append(path)
            if answer.status_code >= 500:
                broken.append(path)

    assert tried > 300
    assert leaks == []
    assert broken == []
    assert ian.get("/triage/it/").status_code == 200, "still signed in: the walk was one of IT"
    done = set(AuditEvent.objects.filter(pk__gt=begun, actor_id=cast.ian.public_id).values_list("action", flat=True))
    assert not {action for action in done if action.startswith(("patient:", "verification:", "access:", "chart:"))}
    assert (VerificationAttempt.objects.count(), Attestation.objects.count()) == (2, 1)
    assert refresh(attempt).methods == []
    assert refresh(proof).consumed_at is None
    assert VerificationHold.objects.get().released_at is None


@pytest.mark.django_db(transaction=True)
def test_no_socket_shows_it_an_office_or_a_patients_ticket(cast, ticket):
    """TR-01: the office's socket is closed to IT; on its own, a patient's ticket is a place that does not exist."""
    (name, morsel), *_rest = signed_in(cast.ian).cookies.items()
    headers = [(b"host", b"x"), (b"cookie", f"{name}={morsel.value}".encode())]
    app = people_for_websocket(URLRouter(websocket_urlpatterns))

    async def tries() -> tuple[bool, list[object]]:
        office = WebsocketCommunicator(app, "/ws/triage/office/", headers=headers)
        opened, _code = await office.connect()
        own = WebsocketCommunicator(app, "/ws/triage/it/", headers=headers)
        await own.connect()
        answers = []
        for place in (ticket.public_id, "x"):
            await own.send_json_to({"type": "here", "place": place})
            answer = await own.receive_json_from(5)
            answers.append((answer["type"], answer.get("code")))
        await own.disconnect()
        return opened, answers

    opened, (of_a_patient, of_nobody) = async_to_sync(tries)()

    assert opened is False
    assert of_a_patient == of_nobody
    assert of_nobody[0] == "error"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    level=st.sampled_from([Level.R0, Level.R1, Level.R2, Level.R3, Level.R4, Level.RS]),
    purpose=st.sampled_from(list(Purpose)),
    action=st.sampled_from([*sorted(PURPOSE_OF), "speak_phi", ""]),
    approved=st.booleans(),
    waits=st.sampled_from([None, -1, 0, 1]),
    age=st.sampled_from([0, 899, 900, 901]),
    revoked=st.booleans(),
)
def test_no_path_reaches_an_action_without_a_live_fitting_attestation(
    cast, ticket, level, purpose, action, approved, waits, age, revoked
):
    """Whatever an attestation looks like: it carries an action exactly when its purpose, level, second person, wait and
    life allow it."""
    now = clock.now()
    made = now - dt.timedelta(seconds=age)
    attempt = AttemptFactory(
        ticket=ticket, attester=cast.olivia, outcome=AttemptOutcome.PASSED, purpose=purpose, level=level
    )
    until = None if waits is None else min(now + dt.timedelta(minutes=waits), made + dt.timedelta(seconds=899))
    row = AttestationFactory(
        attempt=attempt, created_at=made, expires_at=made + dt.timedelta(seconds=900),
        revoked_at=now if revoked else None,
        delayed_until=until,
    )  # fmt: skip
    risky = level in (Level.R3, Level.R4)
    if approved and risky:
        Attestation.objects.filter(pk=row.pk).update(approved_at=made, approved_by=cast.oscar)
    row = refresh(row)
    lives = not revoked and now < row.expires_at
    fits = action in TERMS[purpose].actions and at_least(level, LEAST_LEVEL[action])
    seconded = not risky or row.approved_at is not None or row.delayed_until is not None
    ready = row.approved_at is not None or row.delayed_until is None or now >= row.delayed_until

    try:
        verification.consume(row.public_id, patient_id=cast.pat.public_id, action=action, by=cast.olivia.actor)
    except (errors.AttestationRefused, errors.SecondPersonNeeded, errors.StillWaiting):
        used = False
    else:
        used = True

    assert used == (lives and fits and seconded and ready)


def test_guessing_codes_over_tickets_and_offices_ends_in_a_hold(cast, begin):
    """Nine guesses over three tickets of two offices: three failed checks, then nothing more, whoever asks."""
    from triage.actions import proofs

    rows = [TicketFactory(office=office, patient=cast.pat) for office in (cast.north, cast.south, cast.north)]
    for row in rows:
        attempt = begin(row=row)
        proofs.send_code(attempt=attempt, staff=cast.olivia, method=Method.E4, by=cast.olivia.actor)
        for _ in range(3):
            with pytest.raises((errors.WrongCode, errors.VerificationClosed)):
                proofs.enter_code(attempt=attempt, staff=cast.olivia, typed="none", by=cast.olivia.actor)

    assert VerificationHold.objects.get(released_at=None).rule == "three_failures_in_a_day"
    with pytest.raises(errors.VerificationOnHold):
        begin(row=rows[0])


@given(methods=st.lists(st.sampled_from([Method.K, Method.E6, Method.E9]), max_size=4))
def test_what_is_known_and_what_comes_by_mail_carries_no_account_change(methods):
    """Knowledge, an e-mail code and a document never add up to R2, for any purpose."""
    evidence = [Evidence(method) for method in methods]
    for purpose, terms in TERMS.items():
        level = required_level(terms.least, red_flags=(), destination_age_days=None)
        if at_least(level, Level.R2):
            assert not judge(level, evidence, terms.proofs).suffices, purpose
