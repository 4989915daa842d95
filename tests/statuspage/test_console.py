"""The operators' console: who may, what a press does, what is never lost."""

import datetime as dt

import pytest

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from statuspage.actions import drafts, incidents, maintenances, templates
from statuspage.models import (
    AudienceText,
    Component,
    ComponentGroup,
    Draft,
    Incident,
    IncidentUpdate,
    Page,
    Snapshot,
)
from statuspage.templatetags.console import tabs
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events, subscriber

DESK = "/desk/status/"
NEW = f"{DESK}incidents/new/"
WORDS = "Messages from the portal arrive an hour late; sign in to read them."


@pytest.fixture
def omar(cast, staff_client):
    return staff_client(cast.omar)


@pytest.fixture
def ines(cast, staff_client):
    return staff_client(cast.ines)


def fields(**more: str) -> dict[str, str]:
    state = {f"component_{component('ehr').public_id}": "partial_outage"}
    return {
        "name": "Mail is late", "body": WORDS, "status": "investigating", "idempotency_key": "press-1", **state, **more,
    }  # fmt: skip


def maintenance(**more):
    start = clock.now() + dt.timedelta(days=2)
    values = {
        "name": "New phone lines", "body": "The lines are changed; calls may fail for a minute.",
        "component_ids": [component("ehr").public_id], "scheduled_for": start,
        "scheduled_until": start + dt.timedelta(hours=1), "by": OMAR, "key": "m1", **more,
    }  # fmt: skip
    return maintenances.schedule(**values)


# --- who may ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def addresses(page):
    """Every page of the console, with things that exist."""
    summary, planned = declare(telehealth="major_outage"), maintenance()
    template_id = templates.save(title="Video down", body="Video visits fail.", by=OMAR)
    draft_id = drafts.save(content={"name": "x", "body": "y"}, by=OMAR)
    part, group = component("ehr").public_id, ComponentGroup.objects.first().public_id
    one, work = f"incidents/{summary.id}/", f"maintenances/{planned.id}/"
    return [
        DESK + path
        for path in (
            "", "now/", "presence/?place=new", "incidents/", "incidents/new/", "incidents/past/", one, f"{one}story/",
            f"{one}postmortem/", f"{one}messages/{summary.update_id}/", f"drafts/{draft_id}/", "maintenances/",
            "maintenances/new/", work, f"{work}time/", f"{work}cancel/", "components/", "components/new/",
            f"components/{part}/edit/", f"components/{part}/ways/", "groups/new/", f"groups/{group}/", "templates/",
            "templates/new/", f"templates/{template_id}/", "settings/", "audit/", "audit/?about=page",
        )
    ]  # fmt: skip


DEEDS = (
    "preview/", "incidents/new/", "maintenances/new/", "components/new/", "groups/new/", "templates/new/", "settings/",
    "incidents/past/",
)  # fmt: skip


@pytest.mark.parametrize("name", ["omar", "ines"])
def test_operators_see_every_page(addresses, cast, staff_client, name):
    """SP-02"""
    person = staff_client(getattr(cast, name))
    answers = {address: person.get(address).status_code for address in addresses}

    assert {address: code for address, code in answers.items() if code not in (200, 302)} == {}


@pytest.mark.parametrize("name", ["olivia", "ian", "carla", "ana", "charlie"])
def test_nobody_else_sees_or_changes_any(addresses, cast, staff_client, name):
    person = staff_client(getattr(cast, name))
    before = (events(), audit_actions())

    assert {person.get(address).status_code for address in addresses} == {403}
    assert {person.post(DESK + path, fields()).status_code for path in DEEDS} == {403}
    assert (events(), audit_actions()) == before


def test_strange_ids_are_not_found(page, omar):
    for path in (
        "incidents/x/", "incidents/x/postmortem/", "incidents/x/messages/y/", "drafts/x/", "maintenances/x/",
        "maintenances/x/time/", "components/x/edit/", "components/x/ways/", "groups/x/", "templates/x/",
    ):  # fmt: skip
        assert omar.get(DESK + path).status_code == 404, path


# --- declaring -------------------------------------------------------------------------------------------------------
def test_an_operator_declares(page, omar):
    """SP-02"""
    answer = omar.post(NEW, fields(next_update="30", text_staff="Tell callers to sign in."))

    update = IncidentUpdate.objects.get()
    promised = update.incident.next_update_at - update.incident.created_at
    assert answer["Location"] == f"{DESK}incidents/{update.incident.public_id}/"
    assert (update.by_label, component("ehr").status) == ("Omar Staff", "partial_outage")
    assert promised == pytest.approx(dt.timedelta(minutes=30), abs=dt.timedelta(seconds=5))
    assert AudienceText.objects.get().body == "Tell callers to sign in."
    assert b"Tell callers" in omar.get(answer["Location"]).content


def test_a_double_click_declares_once(page, omar):
    answers = [omar.post(NEW, fields()) for _ in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert (events(), audit_actions()) == (1, ["incident:declare"])


@pytest.mark.parametrize(
    "bad", [{"name": ""}, {"body": " "}, {"status": "resolved"}, {"impact_override": "huge"}, {"name": "x" * 256}]
)
def test_what_was_typed_stays_when_it_is_refused(page, omar, bad):
    answer = omar.post(NEW, fields(**{"name": "Mail is <late>", **bad}))

    assert answer.status_code == 422
    assert events() == 0
    if "name" not in bad:
        assert b'value="Mail is &lt;late&gt;"' in answer.content


def test_checking_first_publishes_nothing(page, omar):
    """Enter in a field presses this button."""
    answer = omar.post(NEW, fields(do="check"))

    assert answer.status_code == 200
    assert b"When you publish" in answer.content
    assert (events(), Incident.objects.count(), audit_actions()) == (0, 0, [])


def test_a_name_in_the_text_stops_until_somebody_says_why(page, omar):
    """SP-05: nobody is named on a public page; the ledger knows who overrode the check."""
    body = "The portal is down. Patient Maria Sanchez cannot sign in; call the office instead."
    stopped = omar.post(NEW, fields(body=body))

    assert (stopped.status_code, events()) == (422, 0)
    assert b"Maria Sanchez" in stopped.content

    answer = omar.post(NEW, fields(body=body, lint_reason="false_alarm"))
    line = AuditEvent.objects.get(action="incident:check_overridden")
    assert (answer.status_code, events()) == (302, 1)
    assert line.facts == {"codes": ["name"], "reason": "false_alarm"}
    assert line.actor_label == "Omar Staff"


def test_a_template_fills_what_is_empty_and_leaves_what_was_written(page, omar):
    part = component("telehealth").public_id
    templates.save(
        title="Video visits fail", name="Video visits fail", body="{{ components }} does not connect. {{ workaround }}",
        components={part: "major_outage"}, by=OMAR,
    )  # fmt: skip
    empty = omar.post(NEW, {"do": "template", "template": "video"})

    form = empty.context["form"]
    assert (empty.status_code, events()) == (200, 0)
    assert form["name"].value() == "Video visits fail"
    assert form["body"].value() == "Telehealth does not connect. {{ workaround }}"
    assert form[f"component_{part}"].value() == "major_outage"

    kept = omar.post(NEW, {"do": "template", "template": "video", "name": "Mine", "body": "My own words."})
    assert (kept.context["form"]["name"].value(), kept.context["form"]["body"].value()) == ("Mine", "My own words.")

    unknown = omar.post(NEW, {"do": "template", "template": "nothing like it", "name": "Mine"})
    assert unknown.context["form"]["name"].value() == "Mine"
    assert b"No template is called that" in unknown.content

    open_one = omar.post(NEW, fields(body="Video: {{ workaround }}", lint_reason="checked"))
    assert (open_one.status_code, events()) == (422, 0)


# --- the preview -----------------------------------------------------------------------------------------------------
def test_the_preview_is_what_publishing_shows_and_leaves_nothing_behind(page, omar):
    subscriber()
    subscriber(only=("telehealth",))
    before = (Snapshot.objects.count(), Incident.objects.count(), audit_actions())

    answer = omar.post(f"{DESK}preview/", fields(text_staff="Messages arrive late. Say so at the desk."))

    text = answer.content.decode()
    assert "1 subscriber by e-mail." in text
    assert "Partial outage" in text
    assert "The public never sees this" in text
    assert text.count(WORDS) >= 2, "on the page, and in the mail"
    assert (events(), Snapshot.objects.count(), Incident.objects.count()) == (0, before[0], before[1])
    assert component("ehr").status == "operational"
    assert audit_actions() == ["draft:begin"]


def test_the_last_question_is_asked_only_for_what_can_be_published(page, omar):
    subscriber()
    asked = omar.post(f"{DESK}preview/?ask=1", fields())

    assert (asked.status_code, b"1 subscriber by e-mail." in asked.content) == (200, True)
    assert omar.post(f"{DESK}preview/?ask=1", fields(name="")).status_code == 422
    assert omar.post(f"{DESK}preview/?ask=1", fields(body="Call Mrs Miller at the desk about this.")).status_code == 422
    assert Draft.objects.count() == 0


# --- drafts ----------------------------------------------------------------------------------------------------------
def test_what_is_typed_is_kept_and_comes_back(page, omar, ines):
    """A closed window, a crash, a change of hands: the words are there."""
    saved = omar.post(f"{DESK}preview/", fields(name="Half a", text_it="Disk"))
    draft = Draft.objects.get()
    assert draft.public_id.encode() in saved.content
    omar.post(f"{DESK}preview/", fields(name="Half a name", draft=draft.public_id, text_it="Disk"))

    assert Draft.objects.count() == 1
    assert b"Half a name" in ines.get(DESK).content
    there = ines.get(f"{DESK}drafts/{draft.public_id}/", follow=True)
    form = there.context["form"]
    assert (form["name"].value(), form["body"].value(), form["text_it"].value()) == ("Half a name", WORDS, "Disk")
    assert form[f"component_{component('ehr').public_id}"].value() == "partial_outage"

    published = ines.post(NEW, fields(name="Whole name", draft=draft.public_id))
    again = ines.post(NEW, fields(name="Whole name", draft=draft.public_id))
    assert published["Location"] == again["Location"]
    assert events() == 1
    assert Draft.objects.get().state == "published"
    assert Incident.objects.get().name == "Whole name"


def test_an_untouched_form_leaves_no_draft(page, omar):
    omar.post(f"{DESK}preview/", {"name": " ", "body": ""})

    assert Draft.objects.count() == 0


def test_a_message_left_unfinished_stands_in_the_form_of_its_author_alone(page, omar, ines):
    summary = declare()
    url = f"{DESK}incidents/{summary.id}/"
    omar.post(f"{DESK}preview/", {"event": summary.id, "status": "identified", "body": "We found", "seen": ""})

    assert omar.get(url).context["form"]["body"].value() == "We found"
    seen_by_ines = ines.get(url)
    assert seen_by_ines.context["form"]["body"].value() is None
    assert b"is writing an update" in seen_by_ines.content


def test_a_publication_is_planned_and_taken_back(page, omar):
    later = (clock.now() + dt.timedelta(days=2)).strftime("%Y-%m-%dT09:00")
    omar.post(NEW, fields(do="schedule", publish_at=later))
    draft = Draft.objects.get()

    assert (draft.state, events()) == ("scheduled", 0)
    assert draft.publish_at.hour in (13, 14), "nine in New York"
    omar.post(f"{DESK}drafts/{draft.public_id}/do/", {"do": "unschedule"})
    draft.refresh_from_db()
    assert (draft.state, draft.publish_at) == ("draft", None)

    past = omar.post(NEW, fields(do="schedule", publish_at="2020-01-01T09:00"))
    missing = omar.post(NEW, fields(do="schedule"))
    assert (past.status_code, missing.status_code) == (422, 422)


# --- one incident ----------------------------------------------------------------------------------------------------
def test_an_operator_posts_and_resolves(page, omar):
    summary = declare(telehealth="major_outage")
    url = f"{DESK}incidents/{summary.id}/"
    assert summary.update_id.encode() in omar.get(url).content

    words = "Video visits work again for everybody since noon."
    answer = omar.post(url, {"status": "resolved", "body": words, "seen": summary.update_id, "idempotency_key": "r1"})

    assert answer["Location"] == url
    assert component("telehealth").status == "operational"
    late = omar.post(url, {"status": "resolved", "body": words + " Yes.", "seen": "", "idempotency_key": "r2"})
    assert late.status_code == 409
    assert (words + " Yes.").encode() in late.content
    assert events() == 2


def test_two_operators_at_once_the_second_keeps_the_words_and_sees_the_new_ones(page, omar):
    summary = declare()
    url = f"{DESK}incidents/{summary.id}/"
    newer = incidents.post_update(incident_id=summary.id, status="identified", body="Found.", components={}, by=INES)

    mine = "My long text about what we see, and what to do meanwhile."
    old = {"status": "investigating", "body": mine, "seen": summary.update_id, "idempotency_key": "u1"}
    answer = omar.post(url, old)

    assert answer.status_code == 409
    assert mine.encode() in answer.content
    assert b"Found." in answer.content
    assert f'value="{newer.update_id}"'.encode() in answer.content
    assert events() == 2
    assert omar.post(url, {**old, "seen": newer.update_id}).status_code == 302


def test_a_wording_is_corrected_and_the_story_shows_both(page, omar):
    summary = declare()
    url = f"{DESK}incidents/{summary.id}/messages/{summary.update_id}/"
    answer = omar.post(url, {"body": "We are looking into the late mails."})

    assert answer["Location"] == f"{DESK}incidents/{summary.id}/"
    story = omar.get(answer["Location"]).content
    assert b"Corrected once" in story
    assert b"<ins>the late mails.</ins>" in story
    assert omar.post(url, {"body": " "}).status_code == 422
    assert events() == 1


def test_the_story_names_the_deliveries_and_who_did_what(page, omar, drain):
    subscriber()
    summary = declare()
    drain()
    omar.post(f"{DESK}components/{component('ehr').public_id}/", {"status": "major_outage"})

    story = omar.get(f"{DESK}incidents/{summary.id}/story/").content.decode()
    assert "1 of 1 messages sent" in story
    assert "Omar Staff" in story


def test_a_postmortem_is_kept_then_published_once(page, omar):
    summary = declare()
    url = f"{DESK}incidents/{summary.id}/postmortem/"
    early = omar.post(url, {"body": "What we learned.", "do": "publish", "idempotency_key": "p0"})
    assert early.status_code == 409
    incidents.resolve(incident_id=summary.id, body="It is over.", by=OMAR)

    omar.post(url, {"body": "What we learned.", "do": "save"})
    assert events() == 2
    for _ in range(2):
        assert omar.post(url, {"body": "What we learned.", "do": "publish", "idempotency_key": "p1"}).status_code == 302
    assert events() == 3


def test_a_past_incident_is_written_down_and_nobody_is_told(page, omar):
    Component.objects.get(slug="ehr").state_changes.update(started_at=clock.now() - dt.timedelta(days=9))
    day = (clock.now() - dt.timedelta(days=3)).strftime("%Y-%m-%d")
    values = fields(started_at=f"{day}T09:00", resolved_at=f"{day}T10:30", ending="It was over by itself.")
    backwards = omar.post(f"{DESK}incidents/past/", {**values, "resolved_at": f"{day}T08:00"})
    answer = omar.post(f"{DESK}incidents/past/", values)

    assert (backwards.status_code, answer.status_code, events()) == (422, 302, 0)
    assert Incident.objects.get().backfilled is True


# --- maintenance -----------------------------------------------------------------------------------------------------
def planning(**more):
    return {
        "kind": "maintenance", "name": "New phone lines", "body": "The lines are changed; calls may fail for a minute.",
        "components": [component("ehr").public_id], "scheduled_for": "2031-03-08T22:00", "length": "240",
        "component_status": "under_maintenance", "reminders": ["1440", "60"], "auto_start": "on",
        "auto_complete": "on", "idempotency_key": "plan-1", **more,
    }  # fmt: skip


def test_work_is_planned_in_the_zone_of_the_page(page, omar):
    """SP-01. The night in which clocks change: four hours are four hours."""
    answer = omar.post(f"{DESK}maintenances/new/", planning())
    omar.post(f"{DESK}maintenances/new/", planning())

    row = Incident.objects.get()
    assert answer["Location"] == f"{DESK}maintenances/{row.public_id}/"
    assert row.scheduled_for.isoformat() == "2031-03-09T03:00:00+00:00"
    assert row.scheduled_until - row.scheduled_for == dt.timedelta(hours=4)
    assert (row.reminders, row.auto_start) == ([1440, 60], True)


@pytest.mark.parametrize(
    "bad",
    [
        {"scheduled_for": ""}, {"length": "", "scheduled_until": ""}, {"scheduled_for": "2031-03-09T02:30"},
        {"repeat": "weekly"}, {"name": ""}, {"length": "", "scheduled_until": "2031-03-08T21:00"},
    ],
)  # fmt: skip
def test_work_that_makes_no_sense_is_refused_and_the_words_stay(page, omar, bad):
    """2:30 does not exist in the night the clocks go forward."""
    answer = omar.post(f"{DESK}maintenances/new/", planning(**bad))

    assert answer.status_code == 422
    assert b"calls may fail for a minute" in answer.content
    assert Incident.objects.count() == 0


def test_the_next_five_dates_are_shown_before_anything_repeats(page, omar):
    preview = omar.post(f"{DESK}preview/", planning(repeat="nth", nth="2", weekday="SU"))
    assert [date.strftime("%Y-%m-%d %H") for date in preview.context["dates"]] == [
        "2031-03-10 02", "2031-04-14 02", "2031-05-12 02", "2031-06-09 02", "2031-07-14 02",
    ]  # fmt: skip
    soon = (clock.now() + dt.timedelta(days=1)).strftime("%Y-%m-%dT22:00")
    weekly = planning(repeat="weekly", weekdays=["MO", "TH"], scheduled_for=soon)
    for _ in range(2):
        assert omar.post(f"{DESK}maintenances/new/", weekly).status_code == 302

    assert len({row.series_id for row in Incident.objects.all()}) == 1
    assert Incident.objects.count() in (16, 17, 18)


def test_work_is_moved_begun_completed_and_called_off(page, omar):
    first, second = maintenance(), maintenance(key="m2")
    url = f"{DESK}maintenances/{first.id}/"
    moved = omar.post(
        f"{url}time/", {"scheduled_for": "2031-05-01T22:00", "length": "60", "body": "Moved.", "idempotency_key": "t"}
    )
    assert moved.status_code == 302
    assert Incident.objects.get(public_id=first.id).scheduled_for.isoformat() == "2031-05-02T02:00:00+00:00"
    assert omar.post(f"{url}step/", {"to": "in_progress", "idempotency_key": "s1"}).status_code == 302
    assert omar.post(f"{url}step/", {"to": "in_progress", "idempotency_key": "s1"}).status_code == 302
    assert component("ehr").status == "under_maintenance"
    omar.post(f"{url}step/", {"to": "completed", "idempotency_key": "s2"})
    assert component("ehr").status == "operational"
    assert omar.post(f"{url}step/", {"to": "on_fire"}).status_code == 422
    off = omar.post(f"{DESK}maintenances/{second.id}/cancel/", {"body": "Not needed.", "idempotency_key": "c"})
    assert off.status_code == 302
    assert Incident.objects.get(public_id=second.id).cancelled_at is not None
    assert events() == 6


def test_an_event_opened_under_the_wrong_noun_is_sent_on(page, omar):
    planned, broken = maintenance(), declare()

    assert omar.get(f"{DESK}incidents/{planned.id}/")["Location"] == f"{DESK}maintenances/{planned.id}/"
    assert omar.get(f"{DESK}maintenances/{broken.id}/")["Location"] == f"{DESK}incidents/{broken.id}/"


# --- the page --------------------------------------------------------------------------------------------------------
def test_a_component_is_made_moved_changed_and_retired(page, omar):
    group = ComponentGroup.objects.order_by("position").first()
    values = {"name": "Fax", "description": "", "clinical_priority": "2", "group_id": group.public_id, "showcase": "on"}
    omar.post(f"{DESK}components/new/", values)
    made = Component.objects.get(name="Fax")
    assert (made.group, made.position, made.clinical_priority) == (group, 4, 2)

    omar.post(f"{DESK}components/{made.public_id}/move/", {"to": "up"})
    order = list(group.components.order_by("position").values_list("slug", flat=True))
    assert order == ["patient-portal", "telehealth", "fax", "secure-message-e-mail"]

    omar.post(f"{DESK}components/{made.public_id}/edit/", {**values, "name": "Fax line", "start_date": "2026-01-01"})
    made.refresh_from_db()
    assert (made.name, made.start_date) == ("Fax line", dt.date(2026, 1, 1))
    omar.post(f"{DESK}components/{made.public_id}/retire/")
    assert omar.get(f"{DESK}components/{made.public_id}/edit/").status_code == 404
    assert omar.post(f"{DESK}components/new/", {**values, "name": ""}).status_code == 422


def test_groups_are_made_moved_and_removed(page, omar):
    omar.post(f"{DESK}groups/new/", {"name": "Outside"})
    made = ComponentGroup.objects.get(name="Outside")
    omar.post(f"{DESK}groups/{made.public_id}/move/", {"to": "up"})
    assert [row.name for row in ComponentGroup.objects.order_by("position")][1] == "Outside"
    omar.post(f"{DESK}groups/{made.public_id}/", {"do": "remove"})
    assert not ComponentGroup.objects.filter(pk=made.pk).exists()


def test_a_part_is_set_by_hand(page, omar):
    url = f"{DESK}components/{component('ehr').public_id}/"

    assert omar.post(url, {"status": "under_maintenance"}).status_code == 302
    assert component("ehr").status == "under_maintenance"
    assert omar.post(url, {"status": "on_fire"}).status_code == 422
    assert omar.post(f"{DESK}components/nothinghere0/", {"status": "operational"}).status_code == 422
    assert omar.get(url).status_code == 405


def test_other_ways_are_kept_in_order(page, omar):
    """SP-05"""
    url = f"{DESK}components/{component('telehealth').public_id}/ways/"
    for title in ("Call the office", "Come in person"):
        answer = omar.post(url, {"kind": "text", "title": title, "text": "We will find a way."})
        assert answer.status_code == 302
    first, second = component("telehealth").entry_points.order_by("position")
    omar.post(f"{url}{second.public_id}/", {"do": "up"})
    assert component("telehealth").entry_points.order_by("position")[0].title == "Come in person"
    omar.post(f"{url}{first.public_id}/", {"do": "remove"})
    assert component("telehealth").entry_points.count() == 1
    assert omar.post(url, {"kind": "text", "title": ""}).status_code == 422


def test_settings_are_kept_and_written_down(page, omar):
    values = {
        "name": "Larkfield", "time_zone": "America/Chicago", "support_text": "In a crisis call 988.",
        "undo_seconds": "30", "storm_people": "5000", "storm_minutes": "10",
    }  # fmt: skip
    omar.post(f"{DESK}settings/", values)
    omar.post(f"{DESK}settings/", values)

    row = Page.objects.get()
    assert (row.time_zone, row.undo_seconds, row.storm_people) == ("America/Chicago", 30, 5000)
    line = AuditEvent.objects.get(action="status_page:settings")
    assert line.facts == {"changed": ["storm_people", "support_text", "time_zone", "undo_seconds"]}
    assert omar.post(f"{DESK}settings/", {**values, "time_zone": "Mars/Base"}).status_code == 422
    assert omar.post(f"{DESK}settings/", {**values, "undo_seconds": "9999"}).status_code == 422


def test_a_template_with_an_unknown_variable_is_refused_by_name(page, omar):
    values = {
        "title": "Video",
        "kind": "incident",
        "name": "",
        "body": "Since {{ whenever }}.",
        "status": "investigating",
    }
    refused = omar.post(f"{DESK}templates/new/", values)

    assert refused.status_code == 422
    assert b"whenever" in refused.content
    assert omar.post(f"{DESK}templates/new/", {**values, "body": "Since {{ start }}."}).status_code == 302


def test_the_audit_list_says_it_in_words(page, omar):
    declare()
    text = omar.get(f"{DESK}audit/").content.decode()

    assert "Declared an incident" in text
    assert "Omar Staff" in text


# --- the frame -------------------------------------------------------------------------------------------------------
def test_the_sub_navigation_marks_where_one_is(page):
    current = {path: [tab.title for tab in tabs(path) if tab.current] for path in (DESK, NEW, f"{DESK}audit/")}

    assert current == {DESK: ["Now"], NEW: ["Incidents"], f"{DESK}audit/": ["Audit"]}


@pytest.mark.parametrize("rows", [1, 3])
def test_the_console_costs_the_same_for_one_and_three(page, omar, rows, django_assert_num_queries):
    for number in range(rows):
        declare(f"Problem {number}", telehealth="partial_outage", ehr="major_outage")
    omar.get(DESK)

    # session, user, staff, roles; zone; components; open ×4; planned; drafts ×2; recent ×4
    with django_assert_num_queries(17):
        omar.get(DESK)
