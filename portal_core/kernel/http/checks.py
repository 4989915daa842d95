"""System checks of what must never be switched on in production."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register


@register("outbound")
def loopback_is_for_tests(**kwargs: Any) -> list[Error]:
    """Posts to strangers' addresses may reach this machine itself only where there is nothing to protect."""
    if settings.OUTBOUND_ALLOW_LOOPBACK and not (settings.DEBUG or settings.DEMO):
        hint = "Unset OUTBOUND_ALLOW_LOOPBACK. It is for tests and development, with DEBUG or DEMO."
        return [Error("Strangers' addresses could make the server talk to itself.", hint=hint, id="kernel.E001")]
    return []
