import pytest
import time_machine
from django.core.cache import cache

from portal_core.kernel.errors import TooMany
from portal_core.kernel.http import ratelimit
from tests.kernel.crowd import at_once


def test_the_attempt_above_the_limit_is_refused_until_the_window_ends():
    with time_machine.travel(1_800_000_010, tick=False) as clock:
        for _ in range(3):
            ratelimit.hit("sign-in", "203.0.113.5", limit=3, per=60)
        with pytest.raises(TooMany) as refusal:
            ratelimit.hit("sign-in", "203.0.113.5", limit=3, per=60)
        ratelimit.hit("sign-in", "203.0.113.6", limit=3, per=60)
        ratelimit.hit("contact", "203.0.113.5", limit=3, per=60)

        assert refusal.value.retry_after == 60 - 1_800_000_010 % 60
        clock.shift(refusal.value.retry_after)
        ratelimit.hit("sign-in", "203.0.113.5", limit=3, per=60)


def test_no_address_stands_in_the_cache(monkeypatch):
    names: list[str] = []
    monkeypatch.setattr(cache, "add", lambda name, *args, **kwargs: names.append(name))
    monkeypatch.setattr(cache, "incr", lambda name: 1)

    ratelimit.hit("sign-in", "203.0.113.5", limit=3, per=60)

    assert len(names) == 1
    assert "203.0.113.5" not in names[0]


@pytest.mark.django_db
def test_attempts_at_the_same_moment_are_all_counted():
    def attempt() -> str:
        ratelimit.hit("sign-in", "203.0.113.7", limit=4, per=86_400)
        return "let in"

    results = at_once(*[attempt] * 8)

    assert results.count("let in") == 4
    assert sum(isinstance(result, TooMany) for result in results) == 4


@pytest.mark.parametrize(
    ("address", "whom"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("::1", "::/64"),
        ("pat@example.org", "pat@example.org"),
        ("", ""),
    ],
)
def test_an_address_counts_as_its_neighbourhood(address, whom):
    """Whoever has an IPv6 network could otherwise try from 2^64 addresses."""
    assert ratelimit.neighbourhood(address) == whom


def test_neighbours_share_their_tries():
    for end in ("1", "2"):
        ratelimit.hit("pin", f"2001:db8:7:7::{end}", limit=2, per=60)
    with pytest.raises(TooMany):
        ratelimit.hit("pin", "2001:db8:7:7:abcd::9", limit=2, per=60)
    ratelimit.hit("pin", "2001:db8:7:8::1", limit=2, per=60)
