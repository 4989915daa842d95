"""The ledger: append-only, chained by hash per practice.

A line is written in the deed's own transaction; sealing it into the chain happens right after, under the lock of the
chain's head. Chaining inside the deed would hold that lock until commit, so that all work of a practice would stand in
one line and two bulk actions could deadlock.
"""

import datetime as dt
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from portal_core.kernel import clock, sealing
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.http.request_id import current_request_id
from portal_core.kernel.models import AuditChain, AuditEvent

logger = logging.getLogger(__name__)

SEAL_BATCH = 500
PURPOSE = "audit.head"


def record(
    action: str,
    *,
    by: Actor,
    target: models.Model | None = None,
    practice_id: int | None = None,
    at: dt.datetime | None = None,
    **facts: Any,
) -> AuditEvent:
    """Write one line, e.g. `audit.record("ticket:resolve", by=actor, target=ticket, at=now)`.

    `facts` are small JSON values and never hold what a person typed or anything clinical.
    """
    row = line(action, by=by, target=target, practice_id=practice_id, at=at, **facts)
    row.save(force_insert=True)
    return row


def record_all(rows: Sequence[AuditEvent]) -> None:
    """Write several lines (of `line`) with one statement: a page that shows a list and a record out of it."""
    AuditEvent.objects.bulk_create(rows)


def line(
    action: str,
    *,
    by: Actor,
    target: models.Model | None = None,
    practice_id: int | None = None,
    at: dt.datetime | None = None,
    **facts: Any,
) -> AuditEvent:
    """A line as `record` writes it, not written yet; for `record_all`."""
    return AuditEvent(
        practice_id=practice_id if practice_id is not None else by.practice_id,
        at=at or clock.now(),
        action=action,
        actor_kind=str(by.kind),
        actor_id=by.id,
        actor_label=by.label[:120],
        actor_hat=by.hat,
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(getattr(target, "public_id", target.pk)) if target is not None else "",
        request_id=current_request_id(),
        facts=facts,
    )


def lines(target_types: Sequence[str], *, target_id: str = "", by: str = "") -> "models.QuerySet[AuditEvent]":
    """Lines about records of these types ("app.model"), newest first; of one record, or of one actor's doing."""
    rows = AuditEvent.objects.filter(target_type__in=target_types)
    if target_id:
        rows = rows.filter(target_id=target_id)
    return (rows.filter(actor_id=by) if by else rows).order_by("-at", "-pk")


def lines_of(
    practice_id: int,
    *,
    since: dt.datetime,
    until: dt.datetime,
    by: str = "",
    action: str = "",
    targets: Sequence[str] | None = None,
    before: int | None = None,
) -> "models.QuerySet[AuditEvent]":
    """One practice's lines of a time, newest first: of one actor's doing, of actions that begin so, about these records
    (public ids), older than the line `before`."""
    rows = AuditEvent.objects.filter(practice_id=practice_id, at__gte=since, at__lt=until)
    if by:
        rows = rows.filter(actor_id=by)
    if action:
        rows = rows.filter(action__startswith=action)
    if targets is not None:
        rows = rows.filter(target_id__in=targets)
    if before is not None:
        last = AuditEvent.objects.filter(practice_id=practice_id, pk=before).first()
        if last is not None:
            rows = rows.filter(models.Q(at__lt=last.at) | models.Q(at=last.at, pk__lt=last.pk))
    return rows.order_by("-at", "-pk")


def count_unsealed() -> int:
    """Lines that are not in their chain yet."""
    return AuditEvent.objects.filter(sequence=None).count()


def seal() -> int:
    """Chain every unsealed line, oldest first; return how many. Safe to run from several processes at once."""
    sealed = 0
    practices = AuditEvent.objects.filter(sequence=None).values_list("practice_id", flat=True).distinct()
    for practice_id in list(practices):
        while (batch := _seal_batch(practice_id)) == SEAL_BATCH:
            sealed += batch
        sealed += batch
    return sealed


@transaction.atomic
def _seal_batch(practice_id: int | None) -> int:
    AuditChain.objects.get_or_create(practice_key=practice_id or 0)
    head = AuditChain.objects.select_for_update().get(practice_key=practice_id or 0)
    lines = list(AuditEvent.objects.filter(practice_id=practice_id, sequence=None).order_by("id")[:SEAL_BATCH])
    ours = head.sequence == 0 or is_proven(head)
    for line in lines:
        line.sequence, line.previous_hash = head.sequence + 1, head.hash
        line.hash = digest(line)
        line.save(update_fields=["sequence", "previous_hash", "hash"])
        head.sequence, head.hash = line.sequence, line.hash
    if lines and ours:
        head.proof = sealing.tag(_head_text(head), purpose=PURPOSE)
    elif lines:  # our signature under what somebody else wrote would make it ours
        logger.error("the ledger's chain does not end as we left it; see `manage.py audit_verify`")
    if lines:
        head.save(update_fields=["sequence", "hash", "proof"])
    return len(lines)


def is_proven(head: AuditChain) -> bool:
    """Whether this head was written by who holds the installation's secret."""
    return sealing.is_tag_of(_head_text(head), head.proof, purpose=PURPOSE)


def _head_text(head: AuditChain) -> str:
    return f"{head.practice_key}:{head.sequence}:{head.hash}"


@transaction.atomic
def trust() -> int:
    """Sign heads that are not ours as they stand (after the secret was lost, or a look at what happened); return how
    many. It leaves a line of its own."""
    strange = [head for head in AuditChain.objects.select_for_update().exclude(sequence=0) if not is_proven(head)]
    for head in strange:
        record("audit:trust", by=SYSTEM, practice_id=head.practice_key or None, line=head.sequence, hash=head.hash)
        head.proof = sealing.tag(_head_text(head), purpose=PURPOSE)
        head.save(update_fields=["proof"])
    return len(strange)


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a chain ended at some time: kept somewhere else, it shows a chain that was cut or written anew since."""

    practice_key: int
    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"head {self.practice_key} {self.sequence} {self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """Raises ValueError."""
        word, key, sequence, digest = text.split()
        if word != "head":
            raise ValueError(text)
        return cls(int(key), int(sequence), digest)


def anchors() -> list[Anchor]:
    """Where every chain ends now."""
    heads = AuditChain.objects.exclude(sequence=0).order_by("practice_key")
    return [Anchor(head.practice_key, head.sequence, head.hash) for head in heads]


def missed(expected: Sequence[Anchor]) -> "Iterator[Fault]":
    """Which of these anchors the ledger does not hold any more."""
    for anchor in expected:
        line = AuditEvent.objects.filter(practice_id=anchor.practice_key or None, sequence=anchor.sequence).first()
        if line is None:
            yield Fault(anchor.practice_key, anchor.sequence, "was there once and is gone")
        elif line.hash != anchor.hash:
            yield Fault(anchor.practice_key, anchor.sequence, "is not the line that once stood there")


def digest(line: AuditEvent) -> str:
    """SHA-256 over the line's own values and the hash before it."""
    body = [
        line.previous_hash, line.sequence, line.practice_id, line.at.astimezone(dt.UTC).isoformat(), line.action,
        line.actor_kind, line.actor_id, line.actor_label, line.actor_hat, line.target_type, line.target_id,
        line.request_id, line.facts,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken place of a chain."""

    practice_key: int
    sequence: int
    what: str


def verify() -> Iterator[Fault]:
    """Walk every chain and yield each place where it does not hold: a changed, missing or added line, a wrong head, a
    chain computed anew. What it cannot see stands in docs/operations/ledger.md."""
    heads = {head.practice_key: head for head in AuditChain.objects.all()}
    sealed = AuditEvent.objects.filter(sequence__isnull=False)
    # A removed head must not take its chain out of sight.
    practices = {practice_id or 0 for practice_id in sealed.values_list("practice_id", flat=True).distinct()}
    for key in sorted(practices | set(heads)):
        previous, expected = "", 1
        for line in sealed.filter(practice_id=key or None).order_by("sequence").iterator(chunk_size=2000):
            place = line.sequence or 0
            if place != expected:
                yield Fault(key, expected, "line is missing")
            elif line.previous_hash != previous:
                yield Fault(key, place, "does not follow the line before it")
            if digest(line) != line.hash:
                yield Fault(key, place, "was changed after it was written")
            previous, expected = line.hash, place + 1
        head = heads.get(key)
        if head is None:
            yield Fault(key, expected - 1, "the head of the chain is missing")
        elif head.sequence > expected - 1:
            yield Fault(key, expected, "the end of the chain was cut off")
        elif (head.sequence, head.hash) != (expected - 1, previous):
            yield Fault(key, expected - 1, "does not end where the head of the chain says")
        elif head.sequence and not is_proven(head):
            yield Fault(key, head.sequence, "the head of the chain was not written with our key")
