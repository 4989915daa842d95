"""SP-05, TR-12: what IT publishes from flags passes the same check as the status page's own console."""

import pytest
from django.urls import reverse

from portal_core.kernel.models import AuditEvent
from statuspage.actions import incidents
from statuspage.models import IncidentUpdate
from statuspage.queries import incident as summary_of
from tests.statuspage.conftest import OMAR

NAMED = "The visit of Mrs. Miller did not begin this morning at nine, call the office instead."


@pytest.fixture
def running(mail_component):
    """An incident that goes on."""
    parts = {mail_component: "partial_outage"}
    return incidents.declare(name="Visits drop", body="Visits drop.", components=parts, by=OMAR, key="d")


def words() -> list[str]:
    return list(IncidentUpdate.objects.values_list("body", flat=True))


@pytest.mark.parametrize("verb", ["new", "update", "resolve"])
def test_what_must_not_go_out_stops_until_somebody_says_why(running, mail_component, ian, verb):
    path = reverse(f"triage:incident-{verb}", args=[] if verb == "new" else [running.id])
    typed = {
        "name": "Visits do not begin", "component": mail_component, "body": NAMED, "idempotency_key": "once",
        "status": "partial_outage" if verb == "new" else "identified", "seen": running.update_id,
    }  # fmt: skip

    stopped = ian.post(path, typed)
    shown = stopped.content.decode()

    assert (stopped.status_code, NAMED in words()) == (422, False)
    assert "<mark>Mrs. Miller</mark>" in shown
    assert shown.count('name="lint_reason"') == 1
    assert NAMED in shown  # nothing typed is lost

    assert ian.post(path, {**typed, "lint_reason": "false_alarm"}).status_code == 302
    assert NAMED in words()
    line = AuditEvent.objects.get(action="incident:check_overridden")
    assert (line.facts, line.actor_label) == ({"codes": ["name"], "reason": "false_alarm"}, "Ian Staff")


def test_the_name_is_checked_and_honest_words_go_out_unasked(mail_component, ian):
    typed = {
        "name": "Mrs. Miller waits", "component": mail_component, "status": "partial_outage",
        "body": "Visits drop after a minute for everybody today.", "idempotency_key": "k",
    }  # fmt: skip
    page = reverse("triage:incident-new")

    assert b'name="lint_reason"' not in ian.get(page).content
    assert ian.post(page, typed).status_code == 422
    assert ian.post(page, {**typed, "name": "Visits drop"}).status_code == 302


def test_news_may_not_say_that_it_is_over_while_it_is_not(running, ian):
    typed = {"status": "identified", "body": "The problem is resolved and mail arrives.", "seen": running.update_id}

    assert ian.post(reverse("triage:incident-update", args=[running.id]), typed).status_code == 422
    assert summary_of(running.id).status == "investigating"
    assert ian.post(reverse("triage:incident-resolve", args=[running.id]), typed).status_code == 302
