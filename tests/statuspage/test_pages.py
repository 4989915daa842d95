from importlib import import_module

import pytest

from statuspage.actions import incidents
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import declare


def test_sp_01_the_page_answers_without_sign_in_and_sets_no_session(page, client):
    """SP-01"""
    declare("Mail is late")
    answer = client.get("/status/")

    assert answer.status_code == 200
    assert b"Mail is late" in answer.content
    assert not {"staff_session", "patient_session"} & set(answer.cookies)
    assert answer.content.count(b"<h1") == 1


def test_before_anything_was_set_up_the_page_says_so(db, client):
    assert client.get("/status/").status_code == 503
    assert client.get("/api/v2/summary.json").status_code == 503


@pytest.mark.parametrize("path", ["/status/", "/status/history/", "/api/v2/summary.json", "/history.atom"])
def test_public_pages_cannot_be_written(page, client, path):
    assert client.post(path).status_code == 405


def test_an_incident_has_a_page_of_its_own_and_history_keeps_it(page, client):
    summary = declare("Mail is late")
    incidents.resolve(incident_id=summary.id, body="All <i>fine</i>.", by=OMAR)

    answer = client.get(f"/status/incidents/{summary.id}/")
    assert answer.status_code == 200
    assert b"All &lt;i&gt;fine&lt;/i&gt;." in answer.content
    assert b"Mail is late" in client.get("/status/history/").content
    assert client.get("/status/incidents/nothinghere0/").status_code == 404


def test_a_very_old_incident_still_has_its_page(page, client, monkeypatch):
    summary = declare("The first one")
    incidents.resolve(incident_id=summary.id, body="Done.", by=OMAR)
    for limit in ("RECENT", "PAST_MAX"):
        monkeypatch.setattr(import_module("statuspage.queries.facts"), limit, 1)
    for name in ("The second one", "The third one"):
        later = declare(name)
        incidents.resolve(incident_id=later.id, body="Done.", by=OMAR)

    answer = client.get(f"/status/incidents/{summary.id}/")

    assert answer.status_code == 200
    assert b"The first one" in answer.content
