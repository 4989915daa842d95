"""Opening, joining, ending and rejoining a session, and passing on what the two sides signal to each other.

The server alone decides who is in: a signal is relayed only between the current epochs of two sides that have both
joined the current generation.
"""

from typing import TYPE_CHECKING, Any

from django.db import transaction

from portal_core.kernel import audit, clock, realtime
from portal_core.kernel.contracts import Actor
from telehealth import queries
from telehealth.contracts import Admission, Seat
from telehealth.enums import Role, VisitEventKind, VisitState
from telehealth.errors import MustRejoin, NotEligible, NotJoined, VisitEnded, VisitNotStarted
from telehealth.models import Participant, Visit, VisitEvent

if TYPE_CHECKING:
    from portal_core.directory.models import Staff
    from portal_core.scheduling.models import Appointment


def side_group(visit_id: str, role: Role) -> str:
    """Live group of one side's sockets; what is meant for one side never reaches the other's browser."""
    return f"visit:{visit_id}:{role.value}"


@transaction.atomic
def prepare(*, appointment: "Appointment", role: Role, by: Actor) -> Visit:
    """The visit of an eligible appointment, made when it is first asked for. Raises NotEligible."""
    _refuse_ineligible(appointment, role)
    now = clock.now()
    visit, created = Visit.objects.get_or_create(appointment=appointment, defaults={"created_at": now})
    if created:
        audit.record("visit:prepare", by=by, target=visit, practice_id=appointment.practice_id, at=now)
    return visit


@transaction.atomic
def start(*, appointment: "Appointment", staff: "Staff", by: Actor) -> Visit:
    """The clinician opens the session (TH-06). Pressing twice starts once; an ended one is left for Rejoin.

    Raises NotEligible.
    """
    verdict = queries.verdict(appointment, starter=staff)
    if not verdict.ok:
        raise NotEligible(reasons=queries.sentences(verdict, Role.PROVIDER))
    visit = prepare(appointment=appointment, role=Role.PROVIDER, by=by)
    visit = _lock(visit)
    if visit.state == VisitState.SCHEDULED:
        _open(visit, by)
    return visit


@transaction.atomic
def join(*, seat: Seat, epoch: str, connection: str, resume: str = "") -> Admission:
    """Take one's seat (TH-07, TH-12). Whoever held it before in another window is told and loses it.

    `resume` is the epoch held before the socket broke: if it is still the current one, nothing changes for the far
    side and the running media is not touched. Raises VisitEnded, MustRejoin, NotEligible.
    """
    visit = _lock(seat.visit)
    mine, other = _sides(visit, seat.role)
    if visit.state == VisitState.ENDED:
        raise VisitEnded
    if 0 < mine.generation < visit.generation:
        raise MustRejoin
    resumed = bool(resume) and mine.epoch == resume and mine.generation == visit.generation
    if not resumed:
        _refuse_ineligible(visit.appointment, seat.role)
    return _admit(seat, visit, mine, other, resume if resumed else epoch, connection, resumed)


@transaction.atomic
def rejoin(*, seat: Seat, epoch: str, connection: str) -> Admission:
    """Come back after the end. The first who presses opens a new generation, the second completes it (TH-16, TH-17).

    Raises NotEligible, VisitNotStarted.
    """
    visit = _lock(seat.visit)
    if visit.state == VisitState.SCHEDULED:
        raise VisitNotStarted
    _refuse_ineligible(visit.appointment, seat.role)
    mine, other = _sides(visit, seat.role)
    now = clock.now()
    if visit.state == VisitState.ENDED:
        visit.generation += 1
        visit.move(VisitState.OPEN, at=now)
        visit.save(update_fields=["generation", "state", "started_at", "ended_at", "ended_by"])
    if mine.generation < visit.generation:
        _note(visit, VisitEventKind.REJOINED, seat.role)
        audit.record(
            "visit:rejoin", by=seat.actor, target=visit, practice_id=visit.appointment.practice_id, at=now,
            generation=visit.generation, role=seat.role.value,
        )  # fmt: skip
        realtime.push(side_group(visit.public_id, seat.role.other), {"type": "rejoining", "by": seat.role.value})
    return _admit(seat, visit, mine, other, epoch, connection, False)


@transaction.atomic
def end(*, seat: Seat) -> Visit:
    """End it for both (TH-15). Raises VisitEnded for the one who pressed second, VisitNotStarted."""
    visit = _lock(seat.visit)
    if visit.state == VisitState.ENDED:
        raise VisitEnded
    if visit.state == VisitState.SCHEDULED:
        raise VisitNotStarted
    now = clock.now()
    visit.move(VisitState.ENDED, at=now, by=seat.role.value)
    visit.save(update_fields=["state", "ended_at", "ended_by"])
    visit.participants.filter(left_at=None, joined_at__isnull=False).update(left_at=now)
    visit.participants.update(epoch="")
    _note(visit, VisitEventKind.ENDED, seat.role)
    audit.record(
        "visit:end", by=seat.actor, target=visit, practice_id=visit.appointment.practice_id, at=now,
        generation=visit.generation, role=seat.role.value,
    )  # fmt: skip
    for role in Role:
        realtime.push(
            side_group(visit.public_id, role), {"type": "bye", "by": seat.role.value, "generation": visit.generation}
        )
    return visit


@transaction.atomic
def leave(*, seat: Seat, connection: str) -> None:
    """The socket of a side is gone. The call is not ended by it: it may be a signalling hiccup, media goes on."""
    visit = _lock(seat.visit)
    mine = visit.participants.filter(role=seat.role, connection=connection, left_at=None).first()
    if mine is None or not mine.epoch:
        return
    mine.left_at = clock.now()
    mine.save(update_fields=["left_at"])
    _note(visit, VisitEventKind.LEFT, seat.role)
    realtime.push(side_group(visit.public_id, seat.role.other), {"type": "left", "from": mine.epoch})


def relay(*, seat: Seat, epoch: str, to: str, kind: str, body: dict[str, Any]) -> bool:
    """Pass a signal to the other side; False when it was meant for an epoch that is no longer there (dropped).

    Raises NotJoined when the sender's own epoch is not the current one, VisitEnded when the session is over.
    """
    visit = Visit.objects.filter(pk=seat.visit.pk).only("state", "generation", "public_id").get()
    if visit.state == VisitState.ENDED:
        raise VisitEnded
    sides = {row.role: row for row in visit.participants.all()}
    mine, other = sides.get(seat.role), sides.get(seat.role.other)
    if mine is None or not epoch or mine.epoch != epoch or mine.generation != visit.generation:
        raise NotJoined
    if other is None or not to or other.epoch != to or other.generation != visit.generation:
        return False
    realtime.push(side_group(visit.public_id, seat.role.other), {**body, "type": kind, "from": epoch, "to": to})
    return True


def _admit(
    seat: Seat, visit: Visit, mine: Participant, other: Participant, epoch: str, connection: str, resumed: bool
) -> Admission:
    now = clock.now()
    group = side_group(visit.public_id, seat.role)
    if mine.epoch and mine.connection != connection and mine.left_at is None:
        realtime.push(group, {"type": "superseded", "by": connection})
    mine.epoch, mine.connection, mine.generation = epoch, connection, visit.generation
    mine.joined_at, mine.left_at = now, None
    mine.save(update_fields=["epoch", "connection", "generation", "joined_at", "left_at"])
    if not resumed:
        _note(visit, VisitEventKind.JOINED, seat.role)
        audit.record(
            "visit:join", by=seat.actor, target=visit, practice_id=visit.appointment.practice_id, at=now,
            generation=visit.generation, role=seat.role.value,
        )  # fmt: skip
    if seat.role is Role.PROVIDER and visit.state == VisitState.SCHEDULED:
        _open(visit, seat.actor)
    both = other.epoch != "" and other.generation == visit.generation
    if both and visit.state == VisitState.OPEN:
        visit.move(VisitState.LIVE, at=now)
        visit.save(update_fields=["state"])
    if both:
        # The one who was here first learns of the newcomer and answers `here`: an epoch that answers has a live
        # socket behind it, and only then does the offerer offer (facts: 9 of 25 calls failed without that answer).
        realtime.push(
            side_group(visit.public_id, seat.role.other),
            {"type": "hello", "from": epoch, "to": other.epoch, "state": visit.state},
        )
    return Admission(
        epoch=epoch,
        generation=visit.generation,
        state=visit.state,
        peer_epoch=other.epoch if both else "",
        resumed=resumed,
        at=now,
    )


def _open(visit: Visit, by: Actor) -> None:
    now = clock.now()
    visit.move(VisitState.OPEN, at=now)
    visit.save(update_fields=["state", "started_at", "ended_at", "ended_by"])
    _note(visit, VisitEventKind.STARTED, Role.PROVIDER)
    audit.record("visit:start", by=by, target=visit, practice_id=visit.appointment.practice_id, at=now)
    realtime.push(side_group(visit.public_id, Role.CLIENT), {"type": "opened"})


def _refuse_ineligible(appointment: "Appointment", role: Role) -> None:
    verdict = queries.verdict(appointment)
    if not verdict.ok:
        raise NotEligible(reasons=queries.sentences(verdict, role))


def _lock(visit: Visit) -> Visit:
    return Visit.objects.select_for_update(of=("self",)).with_appointment().get(pk=visit.pk)


def _sides(visit: Visit, role: Role) -> tuple[Participant, Participant]:
    """(mine, the other's); rows are made on first use, under the visit's lock."""
    rows = {row.role: row for row in visit.participants.all()}
    for one in Role:
        if one not in rows:
            rows[one] = visit.participants.create(role=one)
    return rows[role], rows[role.other]


def _note(visit: Visit, kind: VisitEventKind, role: Role) -> None:
    VisitEvent.objects.create(visit=visit, at=clock.now(), kind=kind, role=role, generation=visit.generation)
