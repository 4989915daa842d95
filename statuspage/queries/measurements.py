import datetime as dt

from statuspage.models import Measurement


def answers(slug: str) -> list[tuple[dt.datetime, bool]]:
    """When a component was asked and whether it answered, newest first, as far back as is kept (two days)."""
    rows = Measurement.objects.filter(component__slug=slug).order_by("-taken_at", "-pk")
    return [(at, ms is not None) for at, ms in rows.values_list("taken_at", "milliseconds")]
