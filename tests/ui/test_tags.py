"""The components say what they are told, in words as well as in colour, and never run what they are told."""

import datetime as dt
import re

import pytest
from django.core.paginator import Paginator

from portal_core.kernel.ids import ALPHABET
from tests.ui.factories import draw, make_request

HOSTILE = "\"><script>alert('x')</script>&"
ESCAPED = "&quot;&gt;&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;"


def test_icon_is_decoration_unless_it_has_a_name():
    assert draw('{% icon "mail" %}') == (
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="/static/ui/icons/sprite.svg#mail">'
        "</use></svg>"
    )
    assert draw('{% icon "mail" label="Message" size="large" %}') == (
        '<svg class="icon icon-large" role="img" aria-label="Message" focusable="false">'
        '<use href="/static/ui/icons/sprite.svg#mail"></use></svg>'
    )


@pytest.mark.parametrize("tone", ["ok", "info", "warning", "danger", "neutral"])
def test_badge_carries_shape_colour_and_word(tone):
    assert draw("{% badge tone 'Waiting' %}", tone=tone) == (
        f'<span class="badge badge-{tone}"><svg class="icon" aria-hidden="true" focusable="false">'
        f'<use href="/static/ui/icons/sprite.svg#tone-{tone}"></use></svg>Waiting</span>'
    )


def test_an_unknown_tone_is_neutral_and_never_a_class_name():
    drawn = draw("{% badge tone 'x' %}", tone=HOSTILE)
    assert drawn.startswith('<span class="badge badge-neutral">')
    assert "script>" not in drawn


@pytest.mark.parametrize(
    "source",
    [
        '{% badge "ok" text %}',
        '{% notice "info" text %}',
        '{% notice "info" "x" title=text %}',
        "{% empty_state text %}",
        '{% empty_state "x" text %}',
        '{% empty_state "x" "y" action_url="/" action_label=text %}',
        "{% stat text 1 %}",
        '{% stat "x" text %}',
        '{% stat "x" 1 hint=text %}',
        '{% stat "x" 1 hint=text tone="ok" %}',
        "{% progress 1 2 text %}",
        '{% icon "mail" label=text %}',
        "{% sparkline points label=text %}",
        "{% uptime_bars days %}",
    ],
)
def test_hostile_text_stays_text(source):
    days = [{"date": dt.date(2026, 1, 1), "tone": "danger", "text": HOSTILE}]
    drawn = draw(source, text=HOSTILE, points=[(HOSTILE, 1), ("b", 2)], days=days)
    assert ESCAPED in drawn
    assert "<script" not in drawn


def test_hostile_icon_name_and_address_stay_inside_their_attribute():
    assert "<script" not in draw("{% icon name %}", name=HOSTILE)
    assert "<script" not in draw('{% empty_state "x" "y" action_url=url action_label="z" %}', url=HOSTILE)


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Olivia Moreno", "OM"), ("Pat", "P"), ("Ana de la Cruz", "AC"), ("", "?"), ("  ", "?"), ("<b> <i>", "&lt;&lt;")],
)
def test_avatar_shows_two_initials(name, initials):
    assert draw("{% avatar name %}", name=name) == f'<span class="avatar" aria-hidden="true">{initials}</span>'


def test_idempotency_field_is_fresh_each_time():
    pattern = re.compile(rf'^<input type="hidden" name="idempotency_key" value="([{ALPHABET}]{{20}})">$')
    first, second = (pattern.match(draw("{% idempotency_field %}")) for _ in range(2))
    assert first
    assert second
    assert first[1] != second[1]


def test_local_time_names_its_zone_for_readers_without_scripts():
    moment = dt.datetime(2026, 11, 22, 14, 5, tzinfo=dt.UTC)
    assert draw("{% local_time at %}", at=moment) == (
        '<time datetime="2026-11-22T14:05:00+00:00" data-local="">22 Nov 2026, 14:05 UTC</time>'
    )
    assert draw('{% local_time at "date" %}', at=moment) == (
        '<time datetime="2026-11-22T14:05:00+00:00" data-local="date">22 Nov 2026</time>'
    )
    assert draw("{% local_time at %}", at=None) == ""


def test_filled_draws_nothing_around_nothing():
    assert draw('{% filled "h1" "big" %}  {{ words }} {% endfilled %}', words="") == ""
    assert (
        draw('{% filled "h1" "big" %}  {{ words }} {% endfilled %}', words="a < b") == '<h1 class="big">a &lt; b</h1>'
    )


def test_pagination_keeps_the_rest_of_the_address():
    request = make_request("/desk/patients/?q=a%26b&page=2")
    drawn = draw("{% pagination page %}", request, page=Paginator(range(60), 20).page(2))
    assert 'href="?q=a%26b&amp;page=1" rel="prev"' in drawn
    assert 'href="?q=a%26b&amp;page=3" rel="next"' in drawn
    assert "Page 2 of 3" in drawn


def test_pagination_of_one_page_is_not_there():
    assert draw("{% pagination page %}", make_request(), page=Paginator(range(3), 20).page(1)) == ""


# --- charts ---------------------------------------------------------------------------------------------------------
def test_uptime_bars_tell_the_bad_days_by_height_word_and_table():
    days = [
        {"date": dt.date(2026, 11, 1), "tone": "ok", "text": ""},
        {"date": dt.date(2026, 11, 2), "tone": "danger", "text": "Video down"},
    ]
    drawn = draw("{% uptime_bars days uptime='99.9' %}", days=days)
    assert 'role="img" aria-label="1 of 2 days had trouble."' in drawn
    assert '<rect class="bar-ok" x="0" y="0" width="7" height="34" rx="1.5"></rect>' in drawn
    assert '<rect class="bar-notch" x="10"' in drawn
    assert "<title>1 Nov 2026: no trouble</title>" in drawn
    assert "<title>2 Nov 2026: Video down</title>" in drawn
    assert re.findall(r'<th scope="row">([^<]+)</th>\s*<td>([^<]+)</td>', drawn) == [("2 Nov 2026", "Video down")]


def test_charts_without_figures_say_so():
    assert 'aria-label="0 of 0 days had trouble."' in draw("{% uptime_bars days %}", days=[])
    drawn = draw("{% sparkline points %}", points=[])
    assert 'aria-label="No figures yet"' in drawn
    assert "polyline" not in drawn


def test_sparkline_fills_its_box_and_has_a_table():
    drawn = draw("{% sparkline points label='Tickets' %}", points=[("Mon", 10), ("Tue", 30), ("Wed", 20)])
    assert 'aria-label="Tickets from 10 to 30, last 20"' in drawn
    assert 'points="0,28 50,2 100,15"' in drawn
    assert re.findall(r'<th scope="row">(\w+)</th>\s*<td class="number">(\d+)</td>', drawn) == [
        ("Mon", "10"), ("Tue", "30"), ("Wed", "20"),
    ]  # fmt: skip


@pytest.mark.parametrize(("points", "line"), [([5], "0,15"), ([5, 5], "0,15 100,15")])
def test_a_flat_sparkline_is_drawn_in_the_middle(points, line):
    assert f'points="{line}"' in draw("{% sparkline points %}", points=points)
