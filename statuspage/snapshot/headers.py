"""What goes out with every published document, whoever serves it."""

from csp.utils import build_policy
from django.conf import settings

# Old copies are better than none while we are away; but a copy is asked about before it is shown.
CACHE_CONTROL = "public, max-age=0, stale-if-error=86400"
CORS = {"access-control-allow-origin": "*", "access-control-expose-headers": "ETag"}


def security() -> dict[str, str]:
    """The headers Django's middleware puts on every other page, from the same settings."""
    headers = {
        "content-security-policy": str(build_policy()),
        "x-content-type-options": "nosniff",
        "x-frame-options": settings.X_FRAME_OPTIONS,
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
    }
    if settings.SECURE_HSTS_SECONDS:
        headers["strict-transport-security"] = f"max-age={settings.SECURE_HSTS_SECONDS}"
    return headers
