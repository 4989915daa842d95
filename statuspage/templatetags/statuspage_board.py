"""How the delivery board writes its figures."""

from typing import Any

from django import template

from portal_core.kernel import clock
from statuspage.queries import board

register = template.Library()


@register.filter
def duration(seconds: float) -> str:
    """`0.8 s`, `42 s`, `3 min`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    minutes = whole // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"


@register.inclusion_tag("statuspage/console/parts/undo.html", takes_context=True)
def undo_sending(context: dict[str, Any], incident_id: str) -> dict[str, Any]:
    """The button that takes an incident's newest publication back, while there is time; nothing otherwise."""
    row = board.undoable(incident_id, now=clock.now())
    return {"row": row, "csrf_token": context.get("csrf_token")}
