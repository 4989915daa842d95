"""The delivery run: claim what is due, hand it to its transport, write down what became of it.

What a crash can do. A claim is a lease: rows of a killed worker come back when it ends, so nothing is lost. A row is
marked after the server said yes; between the two lies the only window for a duplicate, at most CHUNK rows wide (one row
in runs under SMALL_BATCH) and every duplicate carries the same Message-ID. Every write checks that the claim is still
ours, so a worker that slept too long cannot overwrite its successor's result.
"""

import datetime as dt
import logging
import random
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from portal_core.kernel import clock, realtime
from portal_core.kernel.ids import new_public_id
from portal_core.notify import hooks
from portal_core.notify.contracts import Reached
from portal_core.notify.enums import Channel, DeliveryState, Urgency
from portal_core.notify.models import Delivery, DeliveryAttempt, DeliveryQuerySet, Message
from portal_core.notify.rules.excerpt import excerpt
from portal_core.notify.transports import (
    Letter,
    Outcome,
    Parcel,
    Transport,
    TransportDown,
    TransportError,
    open_transport,
)

logger = logging.getLogger(__name__)

BATCH = 200
SMALL_BATCH = 50
CHUNK = 25
LEASE = dt.timedelta(seconds=90)
RENEW_BELOW = dt.timedelta(seconds=65)  # no send begins with less of the lease left: four SMTP time-outs in a row fit
PAUSES = (5, 20, 60, 300, 900, 1800, 3600, 3600, 3600, 3600, 3600)  # seconds before attempt 2, 3, …; about 6 h in all
MAX_ATTEMPTS = len(PAUSES) + 1
PAUSE_WHEN_DOWN = dt.timedelta(seconds=15)


@dataclass
class Line:
    """Channels that are sent one after the other. Lines do not wait for each other: strangers' endpoints that hang
    must not hold up mail."""

    channels: tuple[Channel, ...]
    running: threading.Lock = field(default_factory=threading.Lock)
    wanted: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        tried = 0
        self.wanted.set()
        while self.wanted.is_set() and self.running.acquire(blocking=False):
            try:
                self.wanted.clear()
                tried += Run(channels=self.channels).go()
            finally:
                self.running.release()
        return tried


LINES = {
    "mail": Line(tuple(channel for channel in Channel if channel not in Channel.posted)),
    "posts": Line(tuple(channel for channel in Channel if channel in Channel.posted)),
}


def deliver_due(line: str = "") -> int:
    """Send until nothing is due in this line (of LINES; empty: in all, one by one); return how many were tried.

    One run per line and process. A call while another thread is at it returns 0 at once; that thread makes another
    round. Otherwise every sweep during a long run would take one more worker thread away from everything else.
    """
    return sum(LINES[name].run() for name in ([line] if line else LINES))


def release_claims() -> int:
    """Give back what a killed process had claimed, without waiting for its lease; return how many rows.

    Only for the start of the one-process mode, where nobody else can be sending.
    """
    return Delivery.objects.filter(state=DeliveryState.SENDING).update(available_at=clock.now())


@dataclass
class Run:
    """One pass over everything due in these channels, with one open transport per channel."""

    channels: tuple[Channel, ...] = tuple(Channel)
    transports: dict[Channel, Transport] = field(default_factory=dict)
    down: set[Channel] = field(default_factory=set)
    letters: dict[int, Letter] = field(default_factory=dict)
    tried: int = 0

    def go(self) -> int:
        try:
            while claim := Claim.take(clock.now(), without=self.down | {*Channel} - {*self.channels}):
                self._carry(claim)
        finally:
            for channel in list(self.transports):
                self._close(channel)
        return self.tried

    def _carry(self, claim: "Claim") -> None:
        self._load_letters(claim)
        keys = {row.pk: row.recipient_key for row in claim.rows}
        by_channel: dict[Channel, list[Parcel]] = defaultdict(list)
        for row in claim.rows:
            letter = self.letters[row.message_id]
            again = row.attempts > 0 or bool(row.last_error)  # `attempts` as it was before this claim
            parcel = Parcel(row.pk, row.public_id, row.address, row.unsubscribe_url, letter, again=again)
            by_channel[Channel(row.channel)].append(parcel)
        for channel, parcels in by_channel.items():
            self.tried += len(parcels)
            self._send(claim, channel, self._addressed(claim, self._still_wanted(claim, parcels, keys), keys))
        claim.tell({pk: letter.template for pk, letter in self.letters.items()})

    def _load_letters(self, claim: "Claim") -> None:
        missing = {row.message_id for row in claim.rows} - self.letters.keys()
        if len(self.letters) > 500:
            self.letters.clear()
            missing = {row.message_id for row in claim.rows}
        for message in Message.objects.filter(pk__in=missing):
            self.letters[message.pk] = Letter(
                id=message.pk, template=message.template, language=message.language, subject=message.subject,
                text=message.text, html=message.html, sms=message.sms, headers=message.headers,
                payloads=message.payloads, created_at=message.created_at,
            )  # fmt: skip

    def _still_wanted(self, claim: "Claim", parcels: list[Parcel], keys: dict[int, str]) -> list[Parcel]:
        by_template: dict[str, list[Parcel]] = defaultdict(list)
        for parcel in parcels:
            by_template[parcel.letter.template].append(parcel)
        wanted: set[int] = set()
        for template, group in by_template.items():
            try:
                dropped = hooks.dropped(template, frozenset(keys[parcel.id] for parcel in group))
            except Exception:  # whatever a hook raises: better late than sent to someone who left
                logger.exception("notify: a before_send check failed")
                claim.refused([(parcel.id, "check_failed") for parcel in group])
                continue
            claim.cancelled([parcel.id for parcel in group if keys[parcel.id] in dropped])
            wanted.update(parcel.id for parcel in group if keys[parcel.id] not in dropped)
        return [parcel for parcel in parcels if parcel.id in wanted]

    def _addressed(self, claim: "Claim", parcels: list[Parcel], keys: dict[int, str]) -> list[Parcel]:
        """Ask the app for the addresses that do not stand in the rows; whom it does not know is not wanted."""
        by_template: dict[str, list[Parcel]] = defaultdict(list)
        for parcel in parcels:
            if not parcel.address:
                by_template[parcel.letter.template].append(parcel)
        found: dict[int, Parcel | None] = {}
        for template, group in by_template.items():
            resolver = hooks.resolver_of(template)
            try:
                reached = resolver(frozenset(keys[parcel.id] for parcel in group)) if resolver is not None else {}
            except Exception:  # whatever a hook raises: better late than lost
                logger.exception("notify: addresses could not be resolved")
                claim.refused([(parcel.id, "check_failed") for parcel in group])
                found |= dict.fromkeys(parcel.id for parcel in group)
                continue
            for parcel in group:
                where = reached.get(keys[parcel.id])
                found[parcel.id] = None if where is None else _to(parcel, where)
            claim.cancelled([parcel.id for parcel in group if keys[parcel.id] not in reached])
            unread = [parcel.id for parcel in group if found[parcel.id] is None and keys[parcel.id] in reached]
            claim.refused([(pk, "address_unreadable") for pk in unread])
        return [sent for parcel in parcels if (sent := found.get(parcel.id, parcel)) is not None]

    def _send(self, claim: "Claim", channel: Channel, parcels: Sequence[Parcel]) -> None:
        while parcels:
            done = self._send_some(claim, channel, parcels)
            parcels = [parcel for parcel in parcels if parcel.id not in done]

    def _send_some(self, claim: "Claim", channel: Channel, parcels: Sequence[Parcel]) -> set[int]:
        """Send until all are through or something breaks; return the ids that are settled, whatever their fate."""
        size = 1 if len(parcels) < SMALL_BATCH else CHUNK
        told: list[Outcome] = []  # known, but not written down yet
        done: set[int] = set()
        everything = {parcel.id for parcel in parcels}
        claim.in_hand = None
        try:
            for outcome in self._transport(channel).send(claim.still_ours(parcels)):
                told.append(outcome)
                done.add(outcome.parcel.id)
                if len(told) >= size or claim.is_old:
                    claim.settle(told)
                    told.clear()
        except TransportDown as down:
            logger.warning("notify: %s is down (%s), trying again later", channel, down.code)
            self.down.add(channel)
            claim.put_back(sorted(everything - done), down.code)
            return everything
        except Exception as error:  # a letter that cannot be built, a defect in a transport
            logger.exception("notify: transport failed")
            self._close(channel)
            # Only the parcel in hand is suspect; the others of its batch go on without it.
            suspect = claim.in_hand
            if suspect is None or suspect.id in done:
                claim.refused([(pk, type(error).__name__) for pk in sorted(everything - done)])
                return everything
            claim.refused([(suspect.id, type(error).__name__)])
            return done | {suspect.id}
        finally:  # also when the worker is told to stop
            claim.settle(told)
        return everything

    def _transport(self, channel: Channel) -> Transport:
        if channel not in self.transports:
            self.transports[channel] = open_transport(channel)
        return self.transports[channel]

    def _close(self, channel: Channel) -> None:
        transport = self.transports.pop(channel, None)
        if transport is not None:
            transport.close()


def _to(parcel: Parcel, where: Reached) -> Parcel:
    url = where.unsubscribe_url or parcel.unsubscribe_url
    return replace(parcel, address=where.address, unsubscribe_url=url, secret=where.secret)


@dataclass
class Claim:
    """Rows that are ours until `until`."""

    id: str
    rows: list[Delivery]
    until: dt.datetime
    in_hand: Parcel | None = None
    taken: list[int] = field(default_factory=list)  # settled since the last `tell`
    lost: list[tuple[int, str, bool]] = field(default_factory=list)  # row, code, permanent

    def __bool__(self) -> bool:
        return bool(self.rows)

    @classmethod
    def take(cls, now: dt.datetime, *, without: Iterable[Channel] = (), limit: int = BATCH) -> "Claim":
        """Claim up to `limit` due rows; those that came too late or were tried too often end here.

        On PostgreSQL workers step over each other's locked rows; on SQLite the transaction is IMMEDIATE, so that there
        is only one at a time. Plain ids in the UPDATE: a locking sub-select in `IN (…)` has run for minutes.
        """
        while True:  # a batch may hold nothing but rows that came too late
            claim, seen = cls._take(now, without, limit)
            if claim or not seen:
                return claim

    @classmethod
    def _take(cls, now: dt.datetime, without: Iterable[Channel], limit: int) -> tuple["Claim", int]:
        claim_id = new_public_id()
        with transaction.atomic():
            wanted = [channel for channel in Channel if channel not in {*without}]  # named, so that an index fits
            due = Delivery.objects.filter(state__in=DeliveryState.live, available_at__lte=now, channel__in=wanted)
            due = due.order_by("urgency", "available_at", "id")
            skip = connection.features.has_select_for_update_skip_locked
            rows = list(due.select_for_update(skip_locked=skip)[:limit])
            late = [row.pk for row in rows if row.not_after is not None and row.not_after <= now]
            tired = [row.pk for row in rows if row.attempts >= MAX_ATTEMPTS and row.pk not in late]
            _rows(late).move(DeliveryState.EXPIRED, last_error="too_late")
            _rows(tired).move(DeliveryState.DEAD, failed_at=now)
            over = {*late, *tired}
            ours = [row for row in rows if row.pk not in over]
            _rows([row.pk for row in ours]).move(
                DeliveryState.SENDING, claimed_by=claim_id, available_at=now + LEASE, attempts=F("attempts") + 1
            )
        return cls(claim_id, ours, now + LEASE), len(rows)

    @property
    def is_old(self) -> bool:
        return self.until - clock.now() < RENEW_BELOW

    def still_ours(self, parcels: Iterable[Parcel]) -> Iterator[Parcel]:
        """Hand out parcels one by one, each with enough of the lease left to send it; renew the lease on the way."""
        held: set[int] | None = None
        for parcel in parcels:
            self.in_hand = parcel
            if self.is_old:
                self.until = clock.now() + LEASE
                ours = Delivery.objects.filter(claimed_by=self.id, state=DeliveryState.SENDING)
                ours.update(available_at=self.until)
                held = set(ours.values_list("pk", flat=True))
            if held is None or parcel.id in held:
                yield parcel

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Write down what the transport said."""
        if not outcomes:
            return
        now, by_provider_id = clock.now(), defaultdict(list)
        for outcome in outcomes:
            if outcome.error is None:
                by_provider_id[outcome.provider_id].append(outcome.parcel.id)
        with transaction.atomic():
            for provider_id, ids in by_provider_id.items():
                self._ours(ids).move(DeliveryState.SENT, sent_at=now, provider_id=provider_id, last_error="")
            _forget_secrets({o.parcel.letter.id for o in outcomes if hooks.is_secret(o.parcel.letter.template)})
            self._settle_refusals([(o.parcel.id, o.error) for o in outcomes if o.error is not None])
            for outcome in outcomes:
                if outcome.error is not None and outcome.error.permanent:
                    self._ours([outcome.parcel.id]).move(
                        DeliveryState.FAILED, failed_at=now, last_error=outcome.error.code
                    )
            self._note_tries(outcomes)
            if "mailbox" in by_provider_id:
                realtime.push("mailbox", {"type": "mailbox.changed"})
        self.taken += [outcome.parcel.id for outcome in outcomes if outcome.error is None]
        self.lost += [(o.parcel.id, o.error.code, True) for o in outcomes if o.error is not None and o.error.permanent]

    def _note_tries(self, outcomes: Sequence[Outcome]) -> None:
        """Each try at a webhook that somebody keeps, to be read on its page. Of messages to very many, none."""
        kept = {row.pk for row in self.rows if (row.channel, row.urgency) == (Channel.WEBHOOK, Urgency.PERSONAL)}
        rows = [
            DeliveryAttempt(
                delivery_id=one.parcel.id, at=one.tried.at, milliseconds=one.tried.milliseconds,
                status=one.tried.status, code=one.error.code if one.error is not None else "",
                answer=excerpt(one.tried.body, secrets=[*one.parcel.secret.split(), one.parcel.address]),
            )
            for one in outcomes
            if one.tried is not None and one.parcel.id in kept
        ]  # fmt: skip
        if rows:
            DeliveryAttempt.objects.bulk_create(rows)

    def tell(self, templates: Mapping[int, str]) -> None:
        """Tell the apps that asked for it what became of their deliveries; after the marks are committed."""
        if not (self.taken or self.lost):
            return
        rows = {row.pk: row for row in self.rows}
        good: dict[tuple[str, str], list[str]] = defaultdict(list)
        bad: dict[tuple[str, str, str, bool], list[str]] = defaultdict(list)
        for pk in self.taken:
            good[templates[rows[pk].message_id], rows[pk].channel].append(rows[pk].recipient_key)
        for pk, code, permanent in self.lost:
            bad[templates[rows[pk].message_id], rows[pk].channel, code, permanent].append(rows[pk].recipient_key)
        self.taken, self.lost = [], []
        for (template, channel), keys in good.items():
            hooks.tell_success(template, keys=keys, channel=channel)
        for (template, channel, code, permanent), keys in bad.items():
            hooks.tell_failure(template, keys=keys, channel=channel, code=code, permanent=permanent)

    def _settle_refusals(self, refusals: Sequence[tuple[int, TransportError]]) -> None:
        """Those that may yet be taken; what was refused for good is the caller's."""
        untried: dict[str, list[int]] = defaultdict(list)
        for pk, error in refusals:
            if error.untried:
                untried[error.code].append(pk)
        for code, ids in untried.items():
            self.put_back(ids, code)
        later = [(pk, error) for pk, error in refusals if not error.permanent and not error.untried]
        self.refused([(pk, error.code) for pk, error in later], {pk: error.retry_after or 0 for pk, error in later})

    def refused(self, refusals: Sequence[tuple[int, str]], not_before: Mapping[int, float] | None = None) -> None:
        """Not taken, perhaps later: wait longer each time, then give up. `not_before`: seconds the other side asked
        us to wait."""
        if not refusals:
            return
        now, attempts = clock.now(), {row.pk: row.attempts + 1 for row in self.rows}
        with transaction.atomic():
            for pk, code in refusals:
                if attempts[pk] >= MAX_ATTEMPTS:
                    self._ours([pk]).move(DeliveryState.DEAD, failed_at=now, last_error=code)
                    self.lost.append((pk, code, False))
                    continue
                # A spread of 20 %, so that a thousand rows refused together do not come back together.
                pause = PAUSES[attempts[pk] - 1] * random.uniform(1, 1.2)  # noqa: S311
                later = now + dt.timedelta(seconds=max(pause, (not_before or {}).get(pk, 0)))
                self._ours([pk]).move(DeliveryState.WAITING, available_at=later, last_error=code)

    def put_back(self, ids: Sequence[int], code: str) -> None:
        """The way out is closed: no fault of these rows, so no attempt is counted."""
        self._ours(ids).move(
            DeliveryState.WAITING,
            available_at=clock.now() + PAUSE_WHEN_DOWN,
            attempts=F("attempts") - 1,
            last_error=code,
        )

    def cancelled(self, ids: Sequence[int]) -> None:
        if ids:
            self._ours(ids).move(DeliveryState.CANCELLED)

    def _ours(self, ids: Sequence[int]) -> DeliveryQuerySet:
        return _rows(ids).filter(claimed_by=self.id)


def _forget_secrets(message_ids: set[int]) -> None:
    """Blank the words of these messages, except where a delivery has yet to leave or may be tried again."""
    if settings.DEMO or not message_ids:
        return
    causes = Message.objects.filter(pk__in=message_ids).values("cause")
    owed = Delivery.objects.filter(cause__in=causes, message__in=message_ids).exclude(state__in=DeliveryState.left)
    done = message_ids - set(owed.values_list("message_id", flat=True))
    Message.objects.filter(pk__in=done).update(text="", html="", sms="")


def _rows(ids: Sequence[int]) -> DeliveryQuerySet:
    return Delivery.objects.filter(pk__in=ids)
