"""What every deed on a flag leaves behind: words, ledger line, news for webhooks, nudges; and its ordinary end."""

import datetime as dt
from typing import Any

from helpdesk.actions.tickets import it_group, office_group
from portal_core.kernel import audit, realtime
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from triage.actions import flag_words, webhook_news
from triage.enums import EscalationState, ExchangeKind
from triage.models import Escalation, EscalationMessage
from triage.models.exchange import REQUESTER


def tell(flag: Escalation, action: str, *, at: dt.datetime, by: Actor, **facts: Any) -> None:
    """Inside the deed's transaction, after the flag was saved; `flag` comes with its practice, office and ticket."""
    if action not in flag_words.SAME_WORDS:
        flag_words.index(flag)
    audit.record(action, by=by, target=flag, practice_id=flag.practice_id, at=at, **facts)
    webhook_news.of_flag(flag, action, at=at)
    realtime.push(it_group(flag.practice.public_id), {"type": "flag.changed", "id": flag.public_id})
    realtime.push(office_group(flag.office.public_id), {"type": "ticket.changed", "id": flag.ticket.public_id})


def say(flag: Escalation, kind: ExchangeKind, body: str, *, at: dt.datetime, by: Actor) -> None:
    """Keep what one side says to the other. No words, no entry."""
    if body.strip():
        EscalationMessage.objects.create(
            flag=flag, kind=kind, by_id=by.id if by.kind == ActorKind.STAFF else "", by_label=_label(by)[:160],
            body=body.strip(), at=at,
        )  # fmt: skip


def _label(by: Actor) -> str:
    """IT reads it, and never reads a patient's name (TR-01)."""
    return by.label if by.kind in (ActorKind.STAFF, ActorKind.SYSTEM) else REQUESTER


def finish(flag: Escalation, *, at: dt.datetime, by: Actor, **facts: Any) -> None:
    """Nothing is left to do about it. On a locked row. Raises EscalationMoved."""
    flag.move(EscalationState.DONE, at=at)
    flag.save(update_fields=["state", "changed_at", "closed_at"])
    tell(flag, "flag:done", at=at, by=by, **facts)
