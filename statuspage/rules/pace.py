"""How fast deliveries leave, and when the last one will have left."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_minute` as of the last minute; `seconds_left` None when nothing waits, or nothing moves."""

    per_minute: int
    seconds_left: int | None


def pace(*, queued: int, last_minute: int) -> Pace:
    if not queued or not last_minute:
        return Pace(last_minute, None)
    return Pace(last_minute, -(-queued * 60 // last_minute))
