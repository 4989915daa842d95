import datetime as dt

import pytest

from portal_core.scheduling.rules.day_plan import gaps


def at(hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 12, 1, hour, minute, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("taken", "free"),
    [
        ([], [(8, 0, 18, 0)]),
        ([(at(8), at(18))], []),
        ([(at(9), at(10))], [(8, 0, 9, 0), (10, 0, 18, 0)]),
        ([(at(10), at(11)), (at(9), at(10, 30))], [(8, 0, 9, 0), (11, 0, 18, 0)]),
        ([(at(9), at(12)), (at(10), at(11))], [(8, 0, 9, 0), (12, 0, 18, 0)]),  # one inside the other
        ([(at(8, 10), at(17, 50))], []),  # ten minutes are too short to offer
        ([(at(6), at(8)), (at(18), at(20))], [(8, 0, 18, 0)]),
        ([(at(19), at(20))], [(8, 0, 18, 0)]),
    ],
)
def test_free_times_of_a_day(taken, free):
    """PC-61: a free time is there to be clicked."""
    expected = [(at(a, b), at(c, d)) for a, b, c, d in free]

    assert gaps(taken, begin=at(8), end=at(18)) == expected
