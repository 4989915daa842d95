import pytest

from statuspage.actions import incidents
from statuspage.models import IncidentUpdate
from tests.statuspage.conftest import OMAR
from tests.statuspage.factories import audit_actions, component, declare, events


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
    monkeypatch.setattr("statuspage.queries.facts.RECENT", 1)
    later = declare("The second one")
    incidents.resolve(incident_id=later.id, body="Done.", by=OMAR)

    answer = client.get(f"/status/incidents/{summary.id}/")

    assert answer.status_code == 200
    assert b"The first one" in answer.content


# --- the console -----------------------------------------------------------------------------------------------------
@pytest.fixture
def omar(cast, staff_client):
    return staff_client(cast.omar)


def fields(**more: str) -> dict[str, str]:
    return {"name": "Mail is late", "body": "Soon.", "status": "investigating", "idempotency_key": "press-1", **more}


def test_an_operator_declares_from_the_console(page, omar, cast):
    """SP-02"""
    target = component("telehealth").public_id
    answer = omar.post("/desk/status/", fields(**{f"component_{target}": "major_outage"}))

    update = IncidentUpdate.objects.get()
    assert answer["Location"] == f"/desk/status/incidents/{update.incident.public_id}/"
    assert (update.by_label, component("telehealth").status) == ("Omar Staff", "major_outage")
    assert omar.get(answer["Location"]).status_code == 200


def test_a_double_click_declares_once(page, omar):
    answers = [omar.post("/desk/status/", fields()) for _ in range(2)]

    assert answers[0]["Location"] == answers[1]["Location"]
    assert (events(), audit_actions()) == (1, ["incident:declare"])


@pytest.mark.parametrize(
    "bad", [{"name": ""}, {"body": " "}, {"status": "resolved"}, {"impact_override": "huge"}, {"name": "x" * 256}]
)
def test_what_was_typed_stays_when_it_is_refused(page, omar, bad):
    answer = omar.post("/desk/status/", fields(**{"name": "Mail is <late>", **bad}))

    assert answer.status_code == 422
    assert events() == 0
    if "name" not in bad:
        assert b'value="Mail is &lt;late&gt;"' in answer.content


def test_an_operator_posts_and_resolves(page, omar):
    summary = declare(telehealth="major_outage")
    url = f"/desk/status/incidents/{summary.id}/"
    page_before = omar.get(url)
    assert summary.update_id.encode() in page_before.content

    answer = omar.post(url, {"status": "resolved", "body": "Done.", "seen": summary.update_id, "idempotency_key": "r1"})

    assert answer["Location"] == url
    assert component("telehealth").status == "operational"
    late = omar.post(url, {"status": "resolved", "body": "Done too.", "seen": "", "idempotency_key": "r2"})
    assert late.status_code == 409
    assert events() == 2


def test_an_update_on_an_old_view_keeps_the_words_and_shows_the_new_ones(page, omar):
    summary = declare()
    url = f"/desk/status/incidents/{summary.id}/"
    newer = incidents.post_update(incident_id=summary.id, status="identified", body="Found.", components={}, by=OMAR)

    old = {"status": "investigating", "body": "My long text", "seen": summary.update_id, "idempotency_key": "u1"}
    answer = omar.post(url, old)

    assert answer.status_code == 409
    assert b"My long text" in answer.content
    assert b"Found." in answer.content
    assert f'value="{newer.update_id}"'.encode() in answer.content


def test_a_part_is_set_by_hand(page, omar):
    target = component("ehr").public_id

    assert omar.post(f"/desk/status/components/{target}/", {"status": "under_maintenance"}).status_code == 302
    assert component("ehr").status == "under_maintenance"
    assert omar.post(f"/desk/status/components/{target}/", {"status": "on_fire"}).status_code == 422
    assert omar.post("/desk/status/components/nothinghere0/", {"status": "operational"}).status_code == 422
    assert omar.get(f"/desk/status/components/{target}/").status_code == 405


@pytest.mark.parametrize("name", ["olivia", "ian", "carla", "ana"])
def test_nobody_else_may_publish(page, cast, staff_client, name):
    summary = declare()
    person = staff_client(getattr(cast, name))

    assert person.get("/desk/status/").status_code == 403
    assert person.post("/desk/status/", fields()).status_code == 403
    assert person.post(f"/desk/status/incidents/{summary.id}/", {"status": "resolved", "body": "x"}).status_code == 403
    assert (
        person.post(f"/desk/status/components/{component('ehr').public_id}/", {"status": "operational"}).status_code
        == 403
    )
    assert events() == 1


def test_an_it_lead_may_publish(page, cast, staff_client):
    assert staff_client(cast.ines).get("/desk/status/").status_code == 200


def test_the_console_of_an_unknown_incident_is_404(page, omar):
    assert omar.get("/desk/status/incidents/nothinghere0/").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_the_console_costs_the_same_for_one_and_three(page, omar, rows, django_assert_num_queries):
    for number in range(rows):
        declare(f"Problem {number}", telehealth="partial_outage", ehr="major_outage")
    omar.get("/desk/status/")

    # session, user, staff, roles; form components; list components; open ×3; recent ×3
    with django_assert_num_queries(14):
        omar.get("/desk/status/")
