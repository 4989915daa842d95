"""How long to wait after failed sign-ins: growing, capped, forgotten after a quiet while; never a lock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` tries without a pause, then `first` seconds, doubled each time up to `most`; forgotten after `quiet`."""

    free: int
    first: int
    most: int
    quiet: int


# An account is guessed at by name, from an address; another address may be its owner, whom a stranger's tries must not
# keep out, so the name alone is given more room and shorter pauses. An address may be a whole front desk.
ACCOUNT = Limit(free=5, first=5, most=300, quiet=3600)
NAME = Limit(free=20, first=2, most=30, quiet=3600)
ADDRESS = Limit(free=60, first=2, most=30, quiet=900)


def pause(limit: Limit, failures: int) -> int:
    """Seconds to wait after that many failures in a row."""
    over = failures - limit.free
    if over < 0:
        return 0
    return int(min(limit.first * 2 ** min(over, 16), limit.most))
