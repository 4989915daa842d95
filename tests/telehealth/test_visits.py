import datetime as dt

import pytest
import time_machine

from portal_core.kernel.models import AuditEvent
from telehealth import access
from telehealth.actions import visits
from telehealth.contracts import Seat
from telehealth.enums import Role, VisitState
from telehealth.errors import (
    LinkExpired,
    MustRejoin,
    NotEligible,
    NotJoined,
    VisitEnded,
    VisitMoved,
    VisitNotFound,
    VisitNotStarted,
)  # fmt: skip
from telehealth.models import Visit, VisitEvent


@pytest.fixture
def visit(cast, appointment) -> Visit:
    return visits.start(appointment=appointment, staff=cast.carla, by=cast.carla.actor)


@pytest.fixture
def provider(cast, visit) -> Seat:
    return access.seat_of_staff(cast.carla, visit.public_id)


@pytest.fixture
def client_seat(cast, visit) -> Seat:
    return access.seat_of_patient(cast.pat, visit.public_id)


def state(visit: Visit) -> tuple[str, int]:
    visit.refresh_from_db()
    return visit.state, visit.generation


def lines(action: str) -> int:
    return AuditEvent.objects.filter(action=action).count()


def both_in(provider: Seat, client_seat: Seat) -> None:
    visits.join(seat=provider, epoch="p1", connection="pc")
    visits.join(seat=client_seat, epoch="c1", connection="cc")


def test_starting_opens_the_visit_and_twice_starts_once(cast, appointment, visit):
    """TH-06"""
    again = visits.start(appointment=appointment, staff=cast.carla, by=cast.carla.actor)

    assert again.pk == visit.pk
    assert state(visit) == ("open", 1)
    assert lines("visit:start") == 1


def test_only_the_clinician_on_the_appointment_starts(cast, appointment):
    """TH-06: not a colleague, not the front desk."""
    for other in (cast.dan, cast.olivia):
        with pytest.raises(NotEligible) as refusal:
            visits.start(appointment=appointment, staff=other, by=other.actor)
        assert "Only the clinician on the appointment can start the session." in refusal.value.facts["reasons"]

    assert Visit.objects.count() == 0
    assert lines("visit:start") == 0


def test_the_patient_may_wait_before_the_start(cast, appointment):
    """TH-07, TH-12: the patient joins, and is connected when the clinician comes."""
    visit = visits.prepare(appointment=appointment, role=Role.CLIENT, by=cast.pat.actor)
    seat = access.seat_of_patient(cast.pat, visit.public_id)

    waiting = visits.join(seat=seat, epoch="c1", connection="cc")
    assert (waiting.state, waiting.peer_epoch) == ("scheduled", "")

    come = visits.join(seat=access.seat_of_staff(cast.carla, visit.public_id), epoch="p1", connection="pc")
    assert (come.state, come.peer_epoch) == ("live", "c1")
    assert state(visit) == ("live", 1)


def test_the_visit_is_live_when_both_are_in(visit, provider, client_seat):
    first = visits.join(seat=provider, epoch="p1", connection="pc")
    second = visits.join(seat=client_seat, epoch="c1", connection="cc")

    assert (first.state, first.peer_epoch) == ("open", "")
    assert (second.state, second.peer_epoch) == ("live", "p1")


@pytest.mark.parametrize("who", ["provider", "client_seat"])
def test_either_side_ends_for_both(request, visit, provider, client_seat, who):
    """TH-15"""
    both_in(provider, client_seat)

    visits.end(seat=request.getfixturevalue(who))

    visit.refresh_from_db()
    assert (visit.state, visit.ended_by) == ("ended", request.getfixturevalue(who).role.value)
    assert list(visit.participants.values_list("epoch", flat=True)) == ["", ""]
    for seat in (provider, client_seat):
        with pytest.raises(VisitEnded):
            visits.relay(seat=seat, epoch="p1", to="c1", kind="sig", body={})


def test_the_second_to_end_is_told(visit, provider, client_seat):
    both_in(provider, client_seat)
    visits.end(seat=provider)

    with pytest.raises(VisitEnded):
        visits.end(seat=client_seat)

    assert lines("visit:end") == 1
    visit.refresh_from_db()
    assert visit.ended_by == "provider"


def test_a_visit_that_never_started_cannot_end(cast, appointment):
    visit = visits.prepare(appointment=appointment, role=Role.CLIENT, by=cast.pat.actor)
    seat = access.seat_of_patient(cast.pat, visit.public_id)

    with pytest.raises(VisitNotStarted):
        visits.end(seat=seat)
    with pytest.raises(VisitNotStarted):
        visits.rejoin(seat=seat, epoch="c1", connection="cc")
    assert state(visit) == ("scheduled", 1)


def test_both_must_rejoin(visit, provider, client_seat):
    """TH-16, TH-17: one who rejoins waits; the other is in only after rejoining too."""
    both_in(provider, client_seat)
    visits.end(seat=client_seat)

    with pytest.raises(VisitEnded):
        visits.join(seat=provider, epoch="p2", connection="pc")
    first = visits.rejoin(seat=provider, epoch="p2", connection="pc")
    assert (first.state, first.generation, first.peer_epoch) == ("open", 2, "")

    with pytest.raises(MustRejoin):
        visits.join(seat=client_seat, epoch="c2", connection="cc")
    assert visits.relay(seat=provider, epoch="p2", to="c1", kind="sig", body={}) is False
    assert state(visit) == ("open", 2)

    second = visits.rejoin(seat=client_seat, epoch="c2", connection="cc")
    assert (second.state, second.generation, second.peer_epoch) == ("live", 2, "p2")
    assert visits.relay(seat=provider, epoch="p2", to="c2", kind="sig", body={}) is True
    assert lines("visit:rejoin") == 2


def test_rejoining_twice_opens_one_generation(visit, provider, client_seat):
    both_in(provider, client_seat)
    visits.end(seat=provider)

    visits.rejoin(seat=provider, epoch="p2", connection="pc")
    visits.rejoin(seat=provider, epoch="p3", connection="pc")

    assert state(visit) == ("open", 2)
    assert lines("visit:rejoin") == 1


def test_signals_only_between_current_epochs(visit, provider, client_seat):
    visits.join(seat=provider, epoch="p1", connection="pc")
    with pytest.raises(NotJoined):
        visits.relay(seat=client_seat, epoch="c1", to="p1", kind="sig", body={})
    visits.join(seat=client_seat, epoch="c1", connection="cc")
    visits.join(seat=client_seat, epoch="c2", connection="cc2")  # F5

    assert visits.relay(seat=provider, epoch="p1", to="c1", kind="sig", body={}) is False  # dropped: stale
    assert visits.relay(seat=provider, epoch="p1", to="c2", kind="sig", body={}) is True
    with pytest.raises(NotJoined):
        visits.relay(seat=client_seat, epoch="c1", to="p1", kind="sig", body={})


def test_a_broken_socket_resumes_with_its_epoch(visit, provider, client_seat):
    both_in(provider, client_seat)
    visits.leave(seat=client_seat, connection="cc")

    back = visits.join(seat=client_seat, epoch="c2", connection="cc2", resume="c1")

    assert (back.epoch, back.resumed) == ("c1", True)
    visits.leave(seat=client_seat, connection="cc")  # the old socket's end arrives late
    assert visit.participants.get(role=Role.CLIENT).left_at is None
    stranger = visits.join(seat=client_seat, epoch="c3", connection="cc3", resume="c9")
    assert (stranger.epoch, stranger.resumed) == ("c3", False)


def test_losing_the_socket_does_not_end_the_session(visit, provider, client_seat):
    """An outage of the signalling server does not end a running call."""
    both_in(provider, client_seat)

    visits.leave(seat=client_seat, connection="cc")
    visits.leave(seat=client_seat, connection="cc")

    assert state(visit) == ("live", 1)
    assert VisitEvent.objects.filter(kind="left").count() == 1


def test_nobody_joins_outside_the_window(visit, appointment, provider, client_seat):
    """TH-06, TH-07: checked at the join, too; who only lost the socket comes back."""
    visits.join(seat=provider, epoch="p1", connection="pc")
    late = appointment.start + dt.timedelta(hours=5, seconds=1)
    with time_machine.travel(late, tick=False):
        with pytest.raises(NotEligible) as refusal:
            visits.join(seat=client_seat, epoch="c1", connection="cc")
        assert visits.join(seat=provider, epoch="x", connection="pc2", resume="p1").resumed is True

    assert "could be joined until" in refusal.value.facts["reasons"][0]


def test_a_cancelled_appointment_closes_the_room(cast, visit, client_seat):
    """TH-05: the facts are read at the join, not at the start."""
    from portal_core.scheduling.actions import appointments

    appointments.cancel(appointment=visit.appointment, reason="", by=cast.carla.actor)

    with pytest.raises(NotEligible):
        visits.join(seat=client_seat, epoch="c1", connection="cc")


def test_a_state_moves_only_along_the_table(visit):
    with pytest.raises(VisitMoved):
        visit.move(VisitState.SCHEDULED, at=visit.created_at)
    assert visit.state == "open"


# --- doors ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("who", ["dan", "olivia", "oscar", "ian", "ines", "ana", "charlie"])
def test_no_other_member_of_staff_has_a_seat(cast, visit, who):
    with pytest.raises(VisitNotFound):
        access.seat_of_staff(getattr(cast, who), visit.public_id)


def test_no_other_patient_has_a_seat(cast, visit):
    for other in (cast.paula, cast.charlie_patient):
        with pytest.raises(VisitNotFound):
            access.seat_of_patient(other, visit.public_id)


def test_a_link_opens_the_patients_seat(appointment, visit):
    """TH-31: the direct link needs no portal session."""
    seat = access.seat_of_token(access.link_token(appointment))

    assert (seat.visit.pk, seat.role, seat.actor.label) == (visit.pk, Role.CLIENT, "Joined by direct link")


def test_a_link_dies_with_the_window(appointment, visit):
    token = access.link_token(appointment)
    closes = appointment.start + dt.timedelta(hours=5)

    with time_machine.travel(closes.replace(microsecond=0), tick=False):
        assert access.seat_of_token(token).visit.pk == visit.pk
    with time_machine.travel(closes + dt.timedelta(seconds=1), tick=False), pytest.raises(LinkExpired):
        access.seat_of_token(token)


@pytest.mark.parametrize(
    "damage",
    [
        lambda token: token[:-1],
        lambda token: token + "x",
        lambda token: "x" + token[1:],
        lambda token: token.partition(":")[0],
        lambda token: "",
        lambda token: token.replace(token.split(":")[1], token.split(":")[1][::-1]),
    ],
)
def test_a_damaged_link_opens_nothing(appointment, visit, damage):
    with pytest.raises(LinkExpired):
        access.seat_of_token(damage(access.link_token(appointment)))


def test_a_link_of_another_purpose_or_patient_opens_nothing(cast, appointment, visit):
    from django.core import signing

    body = {"a": appointment.public_id, "p": cast.pat.public_id, "x": 4102444800}
    assert access.seat_of_token(signing.dumps(body, salt=access.SALT)).visit.pk == visit.pk

    for token in (
        signing.dumps(body, salt="something.else"),
        signing.dumps(body | {"p": cast.paula.public_id}, salt=access.SALT),
        signing.dumps(body | {"a": cast.paula.public_id}, salt=access.SALT),
        signing.dumps([1], salt=access.SALT),
        signing.dumps({"a": appointment.public_id}, salt=access.SALT),
    ):
        with pytest.raises(LinkExpired):
            access.seat_of_token(token)
