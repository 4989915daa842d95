"""What readers of the public pages see, without scripts and without a database (SP-01, SP-03, SP-05, SP-06, SP-07)."""

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from django.test import override_settings

from statuspage.rules import history
from statuspage.rules.bars import HEIGHT, line
from statuspage.snapshot import html, render
from tests.statuspage import scenes

LIMIT = 50_000
ARABIC = [("en", "English"), ("ar", "العربية")]


class Reader(HTMLParser):
    """What stands on a page: its words in order, its headings, its links, its tables."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.links: dict[str, str] = {}
        self.tables: list[list[list[str]]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._href = ""
        self._cell = False
        self.feed(body.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "a":
            self._href = dict(attrs).get("href") or ""
            self.links.setdefault(self._href, "")
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._href = ""
        elif tag in ("td", "th"):
            self._cell = False

    def handle_data(self, data: str) -> None:
        self.parts.append(data)
        if self._href:
            self.links[self._href] += data.strip()
        if self._cell:
            self.tables[-1][-1][-1] += data.strip()

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.parts))


def read(facts: object, **changes: object) -> Reader:
    return Reader(html.page(scenes.view(facts, **changes)))


def order(text: str, *words: str) -> None:
    places = [text.index(word) for word in words]
    assert places == sorted(places), words


# --- the banner ------------------------------------------------------------------------------------------------------
def test_sp_03_a_calm_page_says_so_and_sends_the_reader_on():
    """SP-03, SP-06"""
    page = read(scenes.calm())

    order(page.text, "No ongoing issues", "internet connection", "troubleshooting tips", "contact us", "For patients")
    assert {"/help/", "/help/contact/", "/status/subscribe/"} <= set(page.links)
    assert "Active incidents" not in page.text


def test_sp_03_a_busy_page_says_what_to_do_and_when_more_comes():
    """SP-03, SP-05: what happens, when we speak again, what to do instead, in this order."""
    page = read(scenes.busy())

    order(
        page.text,
        "Partial System Outage",
        "You do not need to report it. Next update by 11:00 EST.",
        "In a crisis call or text 988",
        "Active incidents",
        "Video visits do not start",
        "Dial in by phone",
        "Maintenance under way",
        "For patients",
        "Planned maintenance",
        "Last 14 days",
    )
    assert "No ongoing issues" not in page.text


def test_the_worst_of_days_still_fits_a_slow_phone():
    """SP-07: thirty parts, most of them in trouble, and twelve incidents with messages of 25,000 characters."""
    body = html.page(scenes.view(scenes.worst()))
    page = Reader(body)

    assert len(body) <= LIMIT
    for number in range(12):
        assert f"Trouble number {number}" in page.text
        assert page.links[f"/status/incidents/incident{number:04}/"].startswith(f"Trouble number {number}")
    for number in range(30):
        assert f"Part of the service number {number}" in page.text
    assert "Uptime of every part" in page.text


def test_a_long_message_is_shortened_on_the_front_page_alone():
    """SP-03"""
    words = "We are working on it. " * 100
    row = scenes.incident("incident0001", "Video", scenes.update("identified", words.strip(), scenes.ago(minutes=5)))
    facts = scenes.calm(incidents=(row,))
    front, alone = read(facts), Reader(html.incident(scenes.view(facts), scenes.view(facts).active[0]))

    assert front.text.count("We are working on it.") == 31
    assert "Read all of it" in front.text
    assert alone.text.count("We are working on it.") == 100
    assert "Read all of it" not in alone.text


def test_uptime_counts_from_the_day_the_operator_named():
    """SP-04: bars, figure and months leave out what was before."""
    facts = scenes.calm()
    later = replace(facts.components[0], start_date=scenes.ago(days=5).date())
    view = scenes.view(replace(facts, components=(later, *facts.components[1:])))
    part, before = view.components[0], scenes.view(facts).components[0]

    assert (before.uptime < 100, part.uptime) == (True, 100.0)
    assert [day.status for day in part.days[-6:]] == ["operational"] * 6
    assert {day.status for day in part.days[:-6]} == {None}
    assert [month.first.month for month in history.months_of(part.facts, view)] == [11]


def test_a_promise_that_was_not_kept_is_said_and_not_promised_again():
    page = read(scenes.busy())

    assert "The next update is late. It was promised by 10:40 EST" in page.text
    assert page.text.count("Next update by 10:40") == 0


def test_a_corrected_message_is_marked():
    page = read(scenes.busy())

    assert "Identified · Nov 22, 10:34 EST · edited Nov 22, 10:39 EST" in page.text


@pytest.mark.parametrize(("video", "shown"), [("operational", False), ("degraded_performance", True)])
def test_the_support_line_stands_there_only_while_care_is_affected(video, shown):
    facts = scenes.affected(scenes.calm(page=scenes.page(support_text="Call 988.")), ehr="major_outage", video=video)

    assert ("Call 988." in read(facts).text) is shown


def test_what_works_comes_first_and_what_fails_is_no_link():
    """SP-05, TH-31: working ways, those nobody checked, those that fail."""
    page = read(scenes.busy())

    order(page.text, "Dial in by phone", "Hold the visit by phone", "Backup video room", "Not working either")
    assert page.links["tel:+15550100199"] == "Dial in by phone"
    assert "https://backup.example.test/room" not in page.links


@pytest.mark.parametrize("target", ["javascript:alert(1)", "//evil.example", "data:text/html,x", "/\\evil.example", ""])
def test_an_address_that_is_none_never_becomes_a_link(target):
    facts = scenes.affected(scenes.calm(), video="major_outage")
    way = scenes.way("link", "Another door", target)
    members = tuple(replace(row, entry_points=(way,)) if row.id == "video" else row for row in facts.components)
    page = read(replace(facts, components=members))

    assert "Another door" in page.text
    assert target not in page.links


def test_ways_around_are_not_shown_while_all_is_well():
    facts = scenes.calm()
    members = tuple(replace(row, entry_points=scenes.WAYS) for row in facts.components)

    assert "What you can do instead" not in read(replace(facts, components=members)).text


@pytest.mark.parametrize(("status", "shown"), [("operational", False), ("partial_outage", True)])
def test_a_part_that_is_only_shown_when_degraded(status, shown):
    facts = scenes.affected(scenes.calm(), calendar=status)
    members = tuple(replace(row, only_show_if_degraded=row.id == "calendar") for row in facts.components)

    assert ("Calendar sync" in read(replace(facts, components=members)).text) is shown


def test_groups_tell_the_worst_of_their_parts():
    page = html.page(scenes.view(scenes.busy())).decode()

    heads = re.findall(r"<summary>\s*<h3[^>]*>([^<]+)</h3>.*?</svg>([^<]+)</span>", page, re.S)
    assert heads == [("For patients", "Major outage"), ("For the practice", "Under maintenance")]


# --- figures ---------------------------------------------------------------------------------------------------------
def bars_and_tables(body: str) -> list[tuple[int, int]]:
    """For each part of the page with bars: (bars that are not green, rows of the table behind them)."""
    found = []
    for part in body.split('class="chart uptime status-bars"')[1:]:
        paths = re.findall(r'<path class="bar-(\w+)" d="([^"]+)"', part.split("</svg>")[0])
        odd = sum(path.count("M") for tone, path in paths if tone not in ("ok", "neutral"))
        rows = part.split("</table>")[0].count('<th scope="row">') if "<table>" in part.split("</li>")[0] else 0
        found.append((odd, rows))
    return found


@pytest.mark.parametrize("scene", [scenes.calm, scenes.busy])
def test_the_table_tells_what_the_bars_draw(scene):
    figures = bars_and_tables(html.page(scenes.view(scene())).decode())

    assert len(figures) == 6
    assert [bars for bars, _rows in figures] == [rows for _bars, rows in figures]
    assert sum(rows for _bars, rows in figures) == (4 if scene is scenes.calm else 7)


def test_the_table_has_the_days_states_and_minutes():
    tables = read(scenes.calm()).tables

    assert tables[0][0] == ["Day", "At worst", "Partial outage", "Major outage"]
    assert tables[0][1:] == [["Nov 16, 2026", "Partial outage", "55 min", "–"]]
    assert tables[1][1:] == [["Oct 20, 2026", "Major outage", "–", "1 h 35 min"]]
    assert tables[2][1:] == [
        ["Oct 13, 2026", "Under maintenance", "–", "–"],
        ["Sep 22, 2026", "Degraded performance", "–", "–"],
    ]


def test_pictures_are_hidden_from_screen_readers_and_their_words_are_not():
    page = read(scenes.calm())

    drawn = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert drawn
    assert all(attrs.get("aria-hidden") == "true" or attrs.get("role") == "img" for attrs in drawn)
    assert "Answers in 233 ms; in the last 24 hours 180 to 337 ms." in page.text
    assert page.text.count("Operational on every one of these days.") == 3


def test_a_line_has_a_gap_where_nothing_answered():
    drawn = line([100, 200, None, 400])

    assert drawn == f"M0 {HEIGHT - 2 - 7}L149 {HEIGHT - 2 - 14}M448 {HEIGHT - 2 - 28}".replace(".0", "")
    assert line([None, None]) == ""


def test_uptime_by_month_with_its_formula():
    page = Reader(html.uptime(scenes.view(scenes.calm())))

    assert "uptime = 100 % × (watched time − major outage − 0.3 × partial outage) ÷ watched time" in page.text
    portal = page.tables[0]
    assert portal[0] == ["Month", "Uptime", "Partial outage", "Major outage"]
    # 55 minutes at 30 % of the 21 days, 15 h 42 min (and the hour the clocks went back) that November has had so far
    assert portal[1] == ["November 2026", "99.94 %", "55 min", "–"]
    assert [row[0] for row in portal[1:]] == [
        "November 2026", "October 2026", "September 2026", "August 2026", "July 2026",
    ]  # fmt: skip


# --- history ---------------------------------------------------------------------------------------------------------
def test_history_by_month_holds_incidents_and_maintenances_and_walks_both_ways():
    view = scenes.view(scenes.busy())
    newest = Reader(html.history(view))
    months = {month.key: month for month in history.months(view)}
    october = Reader(html.history_of(view, months["2026-10"]))
    november = Reader(html.history_of(view, months["2026-11"]))
    july = Reader(html.history_of(view, months["2026-07"]))

    order(newest.text, "November 2026", "Monthly patches", "October 2026", "Oct 20", "September 2026")
    assert "Patient portal moves house" not in newest.text
    assert "/status/history/2026-08/" in newest.links
    assert "Video visits do not start" in october.text
    assert "Monthly patches" not in october.text
    assert {"/status/history/2026-09/", "/status/history/2026-11/"} <= set(october.links)
    assert "/status/history/2026-12/" not in november.links
    assert "/status/history/2026-06/" not in july.links


@pytest.mark.parametrize("key", ["2026-13", "2026-1", "x", "2026-11-01", "0000-01", ""])
def test_what_is_no_month(key):
    assert history.parse_month(key) is None


def test_a_month_ends_where_the_next_begins_in_the_pages_own_zone():
    start, end = history.bounds(dt.date(2026, 11, 1), "America/New_York")

    assert (start.isoformat(), end.isoformat()) == ("2026-11-01T04:00:00+00:00", "2026-12-01T05:00:00+00:00")
    assert history.step(dt.date(2026, 1, 1), -1) == dt.date(2025, 12, 1)


# --- one event -------------------------------------------------------------------------------------------------------
def event(id: str, facts: object = None) -> Reader:
    view = scenes.view(facts or scenes.busy())
    row = next(row for row in (*view.past, *view.upcoming) if row.facts.id == id)
    return Reader(html.incident(view, row))


def test_an_open_incident_alone():
    page = event("incident0004")

    order(page.text, "The queue is getting shorter.", "slows us down", "come late", "We see it too.")
    assert "/status/subscribe/?incident=incident0004" in page.links
    assert "What you can do instead" not in page.text
    assert "What you can do instead" in event("incident0003").text


def test_a_past_incident_with_its_postmortem():
    page = event("incident0002")

    order(page.text, "What we learned", "We now renew it by a clock.", "All video visits have been working")
    assert "Lasted: 1 h 35 min" in page.text
    assert not [link for link in page.links if "incident=" in link]


def test_a_maintenance_has_its_window_and_its_calendar():
    page = event("incident0007")

    assert "Window: Nov 25, 10:42 EST – 12:42 EST" in page.text
    assert "/maintenance.ics" in page.links
    assert "will not take place" in event("incident0008").text


def test_what_is_over_is_drawn_once(monkeypatch):
    facts = scenes.calm()
    first = scenes.view(facts)
    drawn = html.incident(first, first.recent[0])
    monkeypatch.setattr(html, "render_to_string", lambda *args, **kwargs: pytest.fail("drawn again"))
    later = scenes.view(facts, now=scenes.NOW + dt.timedelta(minutes=5), snapshot=99)

    assert html.incident(later, later.recent[0]) == drawn
    assert b"data-snapshot" not in drawn


def test_what_is_kept_names_the_day_even_if_it_was_drawn_on_that_day():
    row = scenes.incident(
        "incident0010", "Short", scenes.update("resolved", "Done.", scenes.NOW),
        scenes.update("investigating", "Oh.", scenes.ago(hours=1)),
    )  # fmt: skip

    assert "Began: Nov 22, 09:42 EST" in event("incident0010", scenes.calm(incidents=(row,))).text


def test_what_is_over_is_drawn_again_when_its_words_change():
    view = scenes.view(scenes.calm())
    row = view.recent[0]
    html.incident(view, row)
    update = replace(row.facts.updates[0], body="Everything is quick again.", edited_at=scenes.NOW)
    changed = replace(row.facts, updates=(update, *row.facts.updates[1:]))
    fresh = scenes.view(scenes.calm(incidents=(changed,)))

    assert b"Everything is quick again." in html.incident(fresh, fresh.recent[0])


# --- every page ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("scene", [scenes.calm, scenes.busy, scenes.long_names, scenes.empty])
def test_every_page_is_small_whole_and_without_anything_inline(scene):
    """SP-07: no script is needed, none is inline, and a page stays under 50 KB."""
    files = dict(html.files(scenes.view(scene())))

    assert {"status/index.html", "status/uptime/index.html", "status/es/index.html"} <= set(files)
    for path, body in files.items():
        text = body.decode()
        assert len(body) <= LIMIT, path
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", text), path
        assert text.count("<h1") == 1, path
        ids = re.findall(r'\sid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), path
        assert "<b>&<" not in text, path


@pytest.mark.parametrize("scene", [scenes.calm, scenes.busy])
def test_every_link_below_the_page_leads_to_something_published(scene):
    view = scenes.view(scene())
    files = render.files(view)
    dynamic = ("/status/subscribe/", "/status/api/")

    for path, (body, kind) in files.items():
        if kind == render.HTML:
            for link in Reader(body).links:
                if link.startswith("/status/") and not link.startswith(dynamic):
                    target = link.split("#")[0][1:]
                    assert (f"{target}index.html" if target.endswith("/") else target) in files, (path, link)


def test_times_are_in_the_pages_zone_and_say_so():
    page = read(scenes.busy())
    times = [attrs for tag, attrs in page.tags if tag == "time"]

    assert times
    assert all("(America/New_York)" in (attrs["title"] or "") for attrs in times)
    assert all((attrs["datetime"] or "").endswith(("-05:00", "-04:00")) for attrs in times)


@override_settings(LANGUAGES=ARABIC)
def test_a_language_that_runs_from_right_to_left():
    body = html.page(scenes.view(scenes.busy()), "ar")
    page = Reader(body)

    assert ("html", {"lang": "ar", "dir": "rtl"}) in page.tags
    assert "/status/ar/history/" in page.links
    assert all(attrs.get("dir") == "auto" for tag, attrs in page.tags if tag in ("h3", "h4") and "dir" in attrs)


def test_the_style_sheet_knows_no_left_and_right():
    css = (render.EMBED_SOURCE.parent / "statuspage.css").read_text()

    assert not re.search(
        r"(margin|padding|border|inset)-(left|right)|\b(left|right)\s*:|text-align:\s*(left|right)", css
    )
