"""Signalling of one visit. Frames: see docs/architecture/telehealth.md."""

import json
from typing import Any

from channels.db import database_sync_to_async
from django.conf import settings

from portal_core.kernel import clock
from portal_core.kernel.errors import AppError, TooMany
from portal_core.kernel.ids import new_public_id
from portal_core.kernel.realtime.consumer import LiveConsumer
from telehealth import access
from telehealth.actions import visits
from telehealth.contracts import Admission, Seat
from telehealth.enums import Role
from telehealth.errors import NotJoined, VisitNotFound
from telehealth.rules import turn

MAX_SDP = 32 * 1024  # characters; a real one is about 10 kB
MAX_CANDIDATE = 2 * 1024
FRAMES_PER_SECOND = 60  # trickled candidates come in bursts of about 20
SUPERSEDED = 4409


class TooManyFrames(TooMany):
    code = "too_many_frames"


class VisitConsumer(LiveConsumer):
    """One side's socket. Subclasses know the door."""

    raw_frames = False  # never past `deliver`: what the group carries is filtered for this socket first

    def __init__(self, scope: dict[str, Any], send: Any) -> None:
        super().__init__(scope, send)
        self.connection = new_public_id()
        self.epoch = ""
        self.seat: Seat | None = None
        self._second, self._frames = 0, 0
        self._held: list[str] | None = None  # frames that came while the seat was being taken

    def find_seat(self) -> Seat:
        raise NotImplementedError

    async def join_groups(self) -> list[str]:
        self.seat = await database_sync_to_async(self.find_seat)()
        return [visits.side_group(self.seat.visit.public_id, self.seat.role)]

    async def on_close(self) -> None:
        if self.seat is not None and self.epoch:
            await database_sync_to_async(visits.leave)(seat=self.seat, connection=self.connection)

    # --- from the hub -------------------------------------------------------------------------
    async def deliver(self, text: str) -> None:
        if self._held is not None:
            self._held.append(text)
            return
        message = json.loads(text)
        if message["type"] == "superseded":
            if message["by"] == self.connection or not self.epoch:
                return
            self.epoch = ""
            await super().deliver('{"type":"superseded"}')
            await self.close(SUPERSEDED)
            return
        if message.get("to", self.epoch) != self.epoch:
            return
        if message["type"] == "bye":
            self.epoch = ""
        await super().deliver(text)

    # --- from the browser ---------------------------------------------------------------------
    async def on_hello(self, message: dict[str, Any]) -> None:
        """{"type": "hello", "resume": epoch | ""}: take the seat; answered by `joined`."""
        self._count()
        await self._enter(visits.join, resume=_text(message.get("resume", ""), 20))

    async def on_rejoin(self, message: dict[str, Any]) -> None:
        """{"type": "rejoin"}: come back after the end; answered by `joined`."""
        self._count()
        await self._enter(visits.rejoin)

    async def on_here(self, message: dict[str, Any]) -> None:
        """{"type": "here", "to": epoch}: answer to the other side's `hello`."""
        await self._relay("here", message, {})

    async def on_sig(self, message: dict[str, Any]) -> None:
        """{"type": "sig", "to": epoch, "description": {type, sdp} | "candidate": {…} | null}."""
        await self._relay("sig", message, _signal(message))

    async def on_need_restart(self, message: dict[str, Any]) -> None:
        """{"type": "need-restart", "to": epoch}: only the offerer restarts ICE; the other asks for it."""
        await self._relay("need-restart", message, {})

    async def on_mute_state(self, message: dict[str, Any]) -> None:
        """{"type": "mute-state", "to": epoch, "audio": bool, "video": bool}: what the other side may show."""
        audio, video = message["audio"], message["video"]
        if not isinstance(audio, bool) or not isinstance(video, bool):
            raise TypeError
        await self._relay("mute-state", message, {"audio": audio, "video": video})

    async def on_end(self, message: dict[str, Any]) -> None:
        """{"type": "end"}: over for both."""
        self._count()
        if not self.epoch:
            raise NotJoined
        await database_sync_to_async(visits.end)(seat=self._seat())

    async def _enter(self, action: Any, **more: Any) -> None:
        seat = self._seat()
        self._held = []
        try:
            admission: Admission = await database_sync_to_async(action)(
                seat=seat, epoch=new_public_id(), connection=self.connection, **more
            )
            self.epoch = admission.epoch
        except AppError:
            self.epoch = ""
            raise
        finally:
            # The other side's `hello` may overtake our own answer; it has to come after `joined`.
            held, self._held = self._held, None
        await self.send_json(
            {
                "type": "joined",
                "epoch": admission.epoch,
                "generation": admission.generation,
                "state": admission.state,
                "offerer": seat.role is Role.PROVIDER,  # one side, always the same, offers: no glare
                "peer": admission.peer_epoch,
                "resumed": admission.resumed,
                "ice": turn.ice_servers(
                    urls=settings.TURN_URLS, secret=settings.TURN_SECRET, now=clock.now(), nonce=new_public_id()
                ),
            }
        )
        for text in held:
            await self.deliver(text)

    async def _relay(self, kind: str, message: dict[str, Any], body: dict[str, Any]) -> None:
        self._count()
        to = _text(message["to"], 20)
        if not self.epoch:
            raise NotJoined
        await database_sync_to_async(visits.relay)(seat=self._seat(), epoch=self.epoch, to=to, kind=kind, body=body)

    def _seat(self) -> Seat:
        if self.seat is None:
            raise VisitNotFound
        return self.seat

    def _count(self) -> None:
        second = int(clock.now().timestamp())
        self._frames = self._frames + 1 if second == self._second else 1
        self._second = second
        if self._frames > FRAMES_PER_SECOND:
            raise TooManyFrames(retry_after=1)


class StaffVisitConsumer(VisitConsumer):
    def find_seat(self) -> Seat:
        staff = self.scope.get("staff")
        if staff is None:
            raise VisitNotFound
        return access.seat_of_staff(staff, str(self.scope["url_route"]["kwargs"]["visit_id"]))


class PatientVisitConsumer(VisitConsumer):
    def find_seat(self) -> Seat:
        patient = self.scope.get("patient")
        if patient is None:
            raise VisitNotFound
        return access.seat_of_patient(patient, str(self.scope["url_route"]["kwargs"]["visit_id"]))


class LinkVisitConsumer(VisitConsumer):
    def find_seat(self) -> Seat:
        return access.seat_of_token(str(self.scope["url_route"]["kwargs"]["token"]))


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise TypeError
    return value


def _signal(message: dict[str, Any]) -> dict[str, Any]:
    """The one part of a `sig` that is passed on, rebuilt field by field so that nothing else rides along."""
    if ("description" in message) == ("candidate" in message):
        raise ValueError
    if "description" in message:
        description = message["description"]
        kind, sdp = description["type"], _text(description["sdp"], MAX_SDP)
        if kind not in ("offer", "answer"):
            raise ValueError
        return {"description": {"type": kind, "sdp": sdp}}
    candidate = message["candidate"]
    if candidate is None:
        return {"candidate": None}
    line = _text(candidate["candidate"], MAX_CANDIDATE)
    mid, index = candidate.get("sdpMid"), candidate.get("sdpMLineIndex")
    fragment = candidate.get("usernameFragment")
    if not isinstance(mid, str | None) or not isinstance(index, int | None) or not isinstance(fragment, str | None):
        raise TypeError
    return {"candidate": {"candidate": line, "sdpMid": mid, "sdpMLineIndex": index, "usernameFragment": fragment}}
