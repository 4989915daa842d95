"""When an address is given up: at once where it says it does not exist, else when it keeps failing (pure)."""

import datetime as dt
from enum import StrEnum

FAILURES = 5  # deliveries given up in a row
OVER = dt.timedelta(days=1)

# Refusals that are about the address itself. A mail server's 554 or 552 may be about the letter or a full mailbox, and
# one that refuses everybody must not cost us the whole list.
_GONE = frozenset(
    {
        "smtp_550", "smtp_551", "smtp_553", "smtp_556", "bounce", "hard_bounce", "complaint", "bad_address",
        "twilio_21211", "twilio_21217", "twilio_21408", "twilio_21610", "twilio_21614", "twilio_30005",
        "twilio_30006", "http_410",
    }
)  # fmt: skip
_GONE_BY_CHANNEL = {
    "push": frozenset({"http_404", "http_410", "push_gone"}),
    "slack": frozenset({"http_404", "http_410", "slack_gone", "no_service", "channel_is_archived"}),
    "teams": frozenset({"http_404", "http_410", "teams_gone"}),
}


class Verdict(StrEnum):
    COUNT = "count"
    QUARANTINE = "quarantine"


def judge(
    *,
    channel: str,
    code: str,
    permanent: bool,
    failures: int,
    failing_since: dt.datetime | None,
    now: dt.datetime,
) -> Verdict:
    """`failures` and `failing_since` are those before this one."""
    code = code.lower()
    gone = (
        code in _GONE or code in _GONE_BY_CHANNEL.get(channel, frozenset()) or code.startswith(("bounce", "complaint"))
    )
    if permanent and gone:
        return Verdict.QUARANTINE
    long_enough = failing_since is not None and now - failing_since >= OVER
    return Verdict.QUARANTINE if failures + 1 >= FAILURES and long_enough else Verdict.COUNT
