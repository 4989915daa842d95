"""A signed-in patient with a technical fault writes where they are known (HD-13, HD-15, HD-18, SP-06)."""

import pytest

from helpdesk import known_problems
from helpdesk.contracts import KnownProblem
from helpdesk.enums import Category
from helpdesk.forms import RequestForm
from helpdesk.models import Ticket

pytestmark = pytest.mark.django_db
NEW = "/portal/requests/new/"


def test_an_error_comes_with_its_words_and_the_device(cast, patient_client):
    """TR-06: once however often it is pressed; the office keeps it, also where patients may write to IT."""
    type(cast.practice).objects.filter(pk=cast.practice.pk).update(patient_support_mode="patient_line")
    pat = patient_client(cast.pat)
    typed = {
        "category": "ERROR_MSG", "error_text": "Error 500 on save", "body": "Since this morning.",
        "screen": "390x844", "idempotency_key": "k1",
    }  # fmt: skip
    for _ in range(2):
        assert pat.post(NEW, typed, headers={"User-Agent": "Mozilla/5.0 Firefox/140.0"}).status_code == 302

    row = Ticket.objects.get()
    assert (row.category, row.error_text, row.device["screen"], row.side, row.patient, row.channel) == (
        "ERROR_MSG", "Error 500 on save", "390x844", "office", cast.pat, "portal",
    )  # fmt: skip
    assert pat.post(NEW, {**typed, "category": "STAFF_ACCESS", "idempotency_key": "k2"}).status_code == 422


def test_what_is_known_and_what_helps_stand_on_the_form(cast, patient_client, monkeypatch):
    problem = KnownProblem(title="Slow pages", url="/status/1/", categories=frozenset({Category.SLOW}))
    monkeypatch.setattr(known_problems, "_providers", [lambda: [problem]])

    page = patient_client(cast.pat).get(f"{NEW}?about=SLOW").content.decode()

    assert ('data-known-for="SLOW "' in page, 'hx-post="/help/suggest/"' in page) == (True, True)
    assert '<option value="SLOW" selected>' in page
    shown_for = page.split('<div data-known-for="')[1].split('"')[0].split()
    assert ("SLOW" in shown_for, "REFILL" in shown_for, "OTHER" in shown_for) == (True, False, False)


def test_every_kind_of_a_patient_is_offered_once_and_their_care_first():
    groups = RequestForm().fields["category"].choices[1:]
    kinds = [code for _title, rows in groups for code, _words in rows]
    left_out = RequestForm.NOT_HERE | {Category.MSG_DELIVERY, Category.CLINICAL_URGENT}

    assert sorted(kinds) == sorted(set(Category.values) - left_out)
    assert kinds[:6] == ["ECONSULT", "APPT", "REFILL", "FORM", "RESULT_MISSING", "BILLING"]
    assert all(words for _title, rows in groups for _code, words in rows)
