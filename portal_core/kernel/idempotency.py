"""Doing a thing once although it was asked for twice: double clicks, replayed forms, retried API calls."""

import dataclasses
import datetime as dt
import decimal
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.core.files import File
from django.db import models, transaction
from django.utils.functional import Promise

from portal_core.kernel import clock, sealing
from portal_core.kernel.errors import Invalid, KeyUsed
from portal_core.kernel.models import IdempotencyKey

KEEP = dt.timedelta(days=30)
SCOPE = 60  # characters a scope has room for
PURPOSE = "idempotency"
SECRETS = ("password", "pin", "secret", "token")  # what is called so, or ends so, is kept in no form at all


def once(scope: str, key: str, deed: Callable[[], str], *, of: Any = None) -> str:
    """Run `deed` unless (scope, key) already ran, and return the short string (a public id) the first run returned.

    `deed` and the key are one transaction: if the deed raises, the key is free again. Two simultaneous calls are put
    in line by the unique key; the second finds the first one's result. `of` is what was asked for (what was typed and
    chosen; no clock, no counter): with something else under a used key nothing is done, and KeyUsed is raised, so that
    nobody is told "sent" of words that went nowhere. Raises Invalid for an unusable key.
    """
    if not key or len(key) > 64:
        raise Invalid(idempotency_key="1 to 64 characters")
    scope, asked = _fitting(scope), _written(of)
    with transaction.atomic():
        row, created = IdempotencyKey.objects.get_or_create(
            scope=scope, key=key, defaults={"created_at": clock.now(), "fingerprint": _tag(asked)}
        )
        if not created:
            if asked and row.fingerprint and not sealing.is_tag_of(asked, row.fingerprint, purpose=PURPOSE):
                raise KeyUsed
            return row.result
        row.result = deed()
        row.save(update_fields=["result"])
        return row.result


def result(scope: str, key: str) -> str | None:
    """What (scope, key) returned when it ran; None when it has not."""
    rows = IdempotencyKey.objects.filter(scope=_fitting(scope), key=key)
    return rows.values_list("result", flat=True).first()


def purge(older_than: dt.timedelta = KEEP) -> int:
    """Forget keys older than that; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=clock.now() - older_than).delete()[0]


def fingerprint(of: Any) -> str:
    """The same for the same things asked for, whatever the order of names; "" for None. Files count by name, size and
    content, passwords and the like not at all. Keyed: whoever has only a copy of the database can try no guess on it.
    Raises TypeError for what has no value of its own to compare."""
    return _tag(_written(of))


def _tag(written: str) -> str:
    return sealing.tag(written, purpose=PURPOSE) if written else ""


def _written(of: Any) -> str:
    return "" if of is None else json.dumps(_without_secrets(of), sort_keys=True, default=_plain)


def _without_secrets(of: Any) -> Any:
    if isinstance(of, dict):
        return {name: _without_secrets(value) for name, value in of.items() if not str(name).endswith(SECRETS)}
    return [_without_secrets(one) for one in of] if isinstance(of, list | tuple) else of


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime | dt.date | dt.time | decimal.Decimal | Promise):
        return str(value)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _without_secrets(dataclasses.asdict(value))
    if isinstance(value, models.Model):
        return [value._meta.label, value.pk]
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, models.QuerySet):
        return [_plain(row) for row in value]
    if isinstance(value, File):
        return [value.name, value.size, _content(value)]
    raise TypeError(f"{type(value).__name__} cannot be compared with what was asked for before")


def _content(file: "File[Any]") -> str:
    digest = hashlib.sha256()
    file.seek(0)
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _fitting(scope: str) -> str:
    """The scope itself where it has room; else its beginning and a hash of the whole. SQLite would keep the rest, and
    PostgreSQL refuse the row."""
    if len(scope) <= SCOPE:
        return scope
    return f"{scope[:27]}#{hashlib.sha256(scope.encode()).hexdigest()[:32]}"
