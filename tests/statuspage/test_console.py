"""The operators' console: who may, what a press does, what is never lost."""

import datetime as dt

import pytest

from portal_core.kernel import clock
from portal_core.kernel.models import AuditEvent
from statuspage.actions import drafts, incidents, templates
from statuspage.models import (
    AudienceText,
    Component,
    ComponentGroup,
    Draft,
    Incident,
    IncidentUpdate,
    Snapshot,
)
from statuspage.templatetags.console import tabs
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events, maintenance, subscriber

DESK = "/desk/status/"
NEW = f"{DESK}incidents/new/"
WORDS = "Messages from the portal arrive an hour late; sign in to read them."


def fields(**more: str) -> dict[str, str]:
    state = {f"component_{component('ehr').public_id}": "partial_outage"}
    return {
        "name": "Mail is late", "body": WORDS, "status": "investigating", "idempotency_key": "press-1", **state, **more,
    }  # fmt: skip


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
