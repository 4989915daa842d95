"""Updates as Slack, Teams and browsers get them (SP-02): built by pure functions, safe whatever the text holds."""

import dataclasses
import datetime as dt
import json

import pytest

from statuspage.contracts import Announcement
from statuspage.rules import push, slack, teams

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SHOWN = "{date_short_pretty} {time}"  # Slack fills it in, in the reader's zone
SAID = Announcement(
    incident_id="0123456789abcdefghij",
    page_name="Praxis Süd",
    page_url="https://lantern.example/status/",
    name="Video visits <b>do not</b> start",
    kind="created",
    status="investigating",
    label="Investigating",
    body="We look into it & tell you <!channel> more.",
    impact="critical",
    url="https://lantern.example/status/incidents/0123456789abcdefghij/",
    when=NOON,
    components=("Video visits", "Portal"),
    alternatives=("Call 555 0100",),
    next_update=NOON + dt.timedelta(minutes=30),
)


def said(**changes):
    return dataclasses.replace(SAID, **changes)


def test_slack_gets_a_headline_and_a_coloured_bar():
    post = slack.message(SAID)

    assert post["text"] == "Praxis Süd: Video visits &lt;b&gt;do not&lt;/b&gt; start – Investigating"
    bar = post["attachments"][0]
    assert bar["color"] == "#b3261e"
    assert [block["type"] for block in bar["blocks"]] == ["section", "section", "section", "section", "context"]
    assert bar["blocks"][2]["fields"] == [
        {"type": "mrkdwn", "text": "*Affected*\nVideo visits, Portal"},
        {
            "type": "mrkdwn",
            "text": "*Next update by*\n<!date^1772454600^{date_short_pretty} {time}|2026-03-02 12:30 UTC>",
        },
    ]
    assert bar["blocks"][3]["text"]["text"] == "*What works meanwhile*\n• Call 555 0100"
    assert "<{unsubscribe}|Stop these posts>" in bar["blocks"][4]["elements"][0]["text"]


def test_no_text_calls_everybody_in_slack():
    words = json.dumps(slack.message(SAID))

    assert "<!channel>" not in words
    assert "&lt;!channel&gt;" in words


@pytest.mark.parametrize("body", ["x" * 5000, "&" * 5000, "a&" * 3000])
def test_a_long_text_stays_within_slacks_measure(body):
    text = slack.message(said(body=body))["attachments"][0]["blocks"][1]["text"]["text"]

    assert 2700 < len(text) <= 3000
    assert text.endswith("…")
    assert text.replace("&amp;", "").count("&") == 0


def test_slack_gets_no_empty_section():
    post = slack.message(said(body="", components=(), alternatives=(), next_update=None))

    assert [block["type"] for block in post["attachments"][0]["blocks"]] == ["section", "context"]


@pytest.mark.parametrize(
    ("status", "impact", "bar", "word"),
    [
        ("investigating", "minor", "#c9a227", "Warning"),
        ("identified", "major", "#d9730d", "Warning"),
        ("monitoring", "critical", "#b3261e", "Attention"),
        ("in_progress", "maintenance", "#2f6fb0", "Accent"),
        ("investigating", "none", "#66707a", "Default"),
        ("resolved", "critical", "#2f7d4f", "Good"),
        ("completed", "maintenance", "#2f7d4f", "Good"),
        ("postmortem", "critical", "#2f7d4f", "Good"),
    ],
)
def test_colours_follow_impact_and_end(status, impact, bar, word):
    update = said(status=status, impact=impact)

    assert slack.message(update)["attachments"][0]["color"] == bar
    assert teams.message(update)["attachments"][0]["content"]["body"][2]["color"] == word


def test_teams_gets_an_adaptive_card():
    post = teams.message(said(starts=NOON, ends=NOON + dt.timedelta(hours=1)))

    assert post["type"] == "message"
    assert post["attachments"][0]["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = post["attachments"][0]["content"]
    assert (card["type"], card["version"], card["lang"]) == ("AdaptiveCard", "1.4", "en")
    assert [block.get("text") for block in card["body"]] == [
        "Praxis Süd",
        "Video visits <b>do not</b> start",
        "Investigating",
        "We look into it & tell you <!channel> more.",
        None,
        "What works meanwhile",
        "Call 555 0100",
    ]
    assert card["body"][4]["facts"] == [
        {"title": "Affected", "value": "Video visits, Portal"},
        {"title": "Updated", "value": "{{DATE(2026-03-02T12:00:00Z,SHORT)}} {{TIME(2026-03-02T12:00:00Z)}}"},
        {"title": "Begins", "value": "{{DATE(2026-03-02T12:00:00Z,SHORT)}} {{TIME(2026-03-02T12:00:00Z)}}"},
        {"title": "Ends", "value": "{{DATE(2026-03-02T13:00:00Z,SHORT)}} {{TIME(2026-03-02T13:00:00Z)}}"},
        {"title": "Next update by", "value": "{{DATE(2026-03-02T12:30:00Z,SHORT)}} {{TIME(2026-03-02T12:30:00Z)}}"},
    ]
    assert [action["url"] for action in card["actions"]] == [SAID.url, "{unsubscribe}"]


def test_no_text_becomes_a_link_in_teams():
    card = teams.message(said(body="[here](https://elsewhere.example)"))["attachments"][0]["content"]

    assert card["body"][3]["text"] == "\\[here\\](https://elsewhere.example)"


def test_the_longest_update_fits_teams():
    post = teams.message(said(body="ü" * 25000))

    assert len(json.dumps(post, ensure_ascii=False).encode()) < 28 * 1024


def test_a_browser_gets_few_words():
    assert push.message(said(body="First line.\n\nSecond  line.")) == {
        "title": "Investigating: Video visits <b>do not</b> start",
        "body": "First line. Second line.",
        "url": SAID.url,
        "tag": "0123456789abcdefghij",
        "lang": "en",
        "topic": "0123456789abcdefghij",
        "ttl": 7200,
    }


def test_the_longest_update_fits_a_notification():
    small = push.message(said(name="ü" * 255, body="ü" * 25000))

    assert (len(small["title"]), len(small["body"])) == (120, 240)
    assert len(json.dumps(small).encode()) < 3000
