import pytest

from statuspage import queries
from statuspage.actions import incidents, postmortems
from statuspage.errors import (
    IncidentAlreadyResolved,
    IncidentNotFound,
    PostmortemMissing,
    PostmortemPublished,
    PostmortemTooEarly,
    TextMissing,
)
from statuspage.models import IncidentUpdate, Postmortem
from tests.statuspage.conftest import INES, OMAR
from tests.statuspage.factories import audit_actions, component, declare, events

LESSON = "A certificate ran out.\n\nWe now renew it by machine."


def resolved():
    summary = declare(telehealth="major_outage")
    return incidents.resolve(incident_id=summary.id, body="Over.", by=OMAR)


def shown(incident_id: str):
    return queries.incident_facts(incident_id)


def test_a_draft_is_nobodys_business(page):
    summary = declare()
    postmortems.save(incident_id=summary.id, body=LESSON, by=OMAR)

    assert shown(summary.id).postmortem is None
    assert (events(), queries.authoring.postmortem(summary.id).body) == (1, LESSON)
    with pytest.raises(PostmortemTooEarly):
        postmortems.publish(incident_id=summary.id, deliver=True, by=OMAR, key="p")
    assert events() == 1


@pytest.mark.parametrize("deliver", [True, False])
def test_publishing_shows_it_and_tells_if_wanted(page, deliver):
    summary = resolved()
    postmortems.save(incident_id=summary.id, body=LESSON, by=OMAR)

    after = postmortems.publish(incident_id=summary.id, deliver=deliver, by=OMAR, key="p")
    again = postmortems.publish(incident_id=summary.id, deliver=deliver, by=INES, key="p")

    assert after == again
    assert (after.status, after.resolved_at, after.body) == ("postmortem", summary.resolved_at, LESSON)
    update = IncidentUpdate.objects.get(kind="postmortem")
    assert (update.status, update.deliver_notifications) == ("postmortem", deliver)
    facts = shown(summary.id).postmortem
    assert (facts.body, facts.notified) == (LESSON, deliver)
    assert (events(), audit_actions()[-1]) == (3, "postmortem:publish")
    assert component("telehealth").status == "operational"


def test_publishing_twice_tells_once(page):
    summary = resolved()
    postmortems.save(incident_id=summary.id, body=LESSON, by=OMAR)
    postmortems.publish(incident_id=summary.id, deliver=True, by=OMAR, key="p")

    with pytest.raises(PostmortemPublished):
        postmortems.publish(incident_id=summary.id, deliver=True, by=INES, key="q")

    assert events() == 3


def test_a_published_one_changes_at_once_and_mails_nobody(page):
    summary = resolved()
    postmortems.save(incident_id=summary.id, body=LESSON, by=OMAR)
    postmortems.publish(incident_id=summary.id, deliver=True, by=OMAR, key="p")

    postmortems.save(incident_id=summary.id, body="It was another certificate.", by=INES)

    facts = shown(summary.id)
    assert facts.postmortem.body == facts.updates[0].body == "It was another certificate."
    assert facts.updates[0].edited_at == facts.postmortem.updated_at
    assert IncidentUpdate.objects.get(kind="postmortem").body == LESSON
    assert events() == 3
    with pytest.raises(TextMissing):
        postmortems.save(incident_id=summary.id, body=" ", by=OMAR)


def test_saving_the_same_words_again_writes_nothing(page):
    summary = resolved()
    for _time in range(2):
        postmortems.save(incident_id=summary.id, body=LESSON, by=OMAR)

    assert audit_actions().count("postmortem:save") == 1
    postmortems.save(incident_id=summary.id, body="", by=OMAR)
    with pytest.raises(PostmortemMissing):
        postmortems.publish(incident_id=summary.id, deliver=True, by=OMAR, key="p")
    assert Postmortem.objects.get().published_at is None


def test_a_long_one_fits_into_its_message_by_whole_paragraphs(page):
    summary = resolved()
    paragraph = "word " * 1_000
    postmortems.save(incident_id=summary.id, body="\n\n".join([paragraph.strip()] * 8), by=OMAR)

    after = postmortems.publish(incident_id=summary.id, deliver=True, by=OMAR, key="p")

    assert after.body == "\n\n".join([paragraph.strip()] * 4)
    assert len(shown(summary.id).postmortem.body) == 8 * 4_999 + 7 * 2


def test_doors_of_postmortems(page):
    summary = resolved()
    with pytest.raises(IncidentNotFound):
        postmortems.save(incident_id="nobody", body=LESSON, by=OMAR)
    with pytest.raises(PostmortemMissing):
        postmortems.publish(incident_id=summary.id, deliver=True, by=OMAR, key="p")
    postmortems.save(incident_id=summary.id, body=LESSON, by=OMAR)
    postmortems.publish(incident_id=summary.id, deliver=True, by=OMAR, key="p")
    with pytest.raises(IncidentAlreadyResolved):
        incidents.post_update(incident_id=summary.id, status="identified", body="x", components={}, by=OMAR)
