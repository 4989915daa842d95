"""Response times of components: taken by probes, kept for two days, drawn by the page."""

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from portal_core.kernel import clock
from statuspage.models import Component, Measurement

KEEP = dt.timedelta(days=2)


@transaction.atomic
def record(taken: Mapping[str, float | None], *, at: dt.datetime) -> int:
    """Keep one round: component slug → milliseconds, None when it did not answer. Unknown slugs are passed over."""
    rows = Component.objects.filter(slug__in=list(taken)).values_list("pk", "slug")
    made = Measurement.objects.bulk_create(
        Measurement(component_id=pk, taken_at=at, milliseconds=None if (ms := taken[slug]) is None else round(ms))
        for pk, slug in rows
    )
    return len(made)


def prune() -> int:
    """Forget what is older than two days."""
    return Measurement.objects.filter(taken_at__lt=clock.now() - KEEP).delete()[0]
