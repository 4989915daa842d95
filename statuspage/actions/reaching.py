"""Where subscribers are reached: asked by notify for each batch right before it leaves, never written down."""

import logging
from collections.abc import Iterator

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse

from portal_core.notify import Reached
from statuspage import access
from statuspage.models import Subscriber
from statuspage.rules.addresses import Unreadable

logger = logging.getLogger(__name__)

_PLACE = "TOKEN"


def subscribers(keys: frozenset[str]) -> dict[str, Reached | None]:
    """Those of these recipients who still want to hear: whoever left since the promise is missing, and gets nothing.
    None: they want to, and the present key cannot read where; the promise stands until the right key is back."""
    return dict(_reached(_rows(keys)))


def _rows(keys: frozenset[str]) -> "QuerySet[Subscriber]":
    ids = [key.removeprefix("subscriber:") for key in keys]
    return (
        Subscriber.objects.filter(public_id__in=ids)
        .reachable()
        .only("public_id", "way", "address_cipher", "secret_cipher")
    )


def _reached(rows: "QuerySet[Subscriber]") -> Iterator[tuple[str, Reached | None]]:
    link = settings.PUBLIC_URL + reverse("statuspage:unsubscribe", args=[_PLACE])
    for row in rows:
        try:
            address, secret = row.address, row.secret
        except Unreadable:
            logger.error("a subscriber's address cannot be read with the present key", extra={"id": row.pk})
            yield row.key, None
            continue
        token = access.manage_token(row)
        yield row.key, Reached(address=address, secret=secret, unsubscribe_url=link.replace(_PLACE, token))
