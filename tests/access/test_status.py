"""The portal status: one rule, said in Python and in SQL, over the whole truth table."""

import itertools

import pytest
from django.utils import timezone

from portal_core.access import queries
from portal_core.access.enums import PortalState, Reason
from portal_core.access.models import PortalAccess
from portal_core.access.rules.status import status_of
from portal_core.directory.models import Patient
from tests.access.factories import set_access

EMAILS, ZIPS = ("pat@patients.example", "", "  "), ("62701", "", " ")
ROWS = (
    (False, False, False), (True, False, False), (True, False, True), (True, True, False), (True, True, True),
)  # fmt: skip
TABLE = [
    (row, enabled, accessed, email, zip_code)
    for row, enabled, accessed in ROWS
    for email, zip_code in itertools.product(EMAILS, ZIPS)
]


@pytest.mark.parametrize(("row", "enabled", "accessed", "email", "zip_code"), TABLE)
def test_status_truth_table(cast, row, enabled, accessed, email, zip_code):
    """PC-25…27: INACTIVE for any of three reasons, else UNACTIVATED until the first sign-in, else ACTIVE."""
    cast.pat.email, cast.pat.zip = email, zip_code
    cast.pat.save()
    PortalAccess.objects.filter(patient=cast.pat).delete()
    if row:
        moment = timezone.now() if accessed else None
        set_access(cast.pat, level="can_access" if enabled else "none", first_access_at=moment)

    status = queries.portal_status(cast.pat)
    annotated = queries.with_portal_status(Patient.objects.filter(pk=cast.pat.pk)).get()

    reasons = [
        reason
        for reason, applies in (
            (Reason.NOT_ENABLED, not (row and enabled)),
            (Reason.NO_EMAIL, not email.strip()),
            (Reason.NO_ZIP, not zip_code.strip()),
        )
        if applies
    ]
    expected = PortalState.INACTIVE if reasons else PortalState.ACTIVE if accessed else PortalState.UNACTIVATED
    assert (status.state, list(status.reasons)) == (expected, reasons)
    assert annotated.portal_state == expected
    assert queries.status_of_annotated(annotated) == status


def test_each_state_has_its_own_colour_word_and_icon():
    """PC-28: never colour alone."""
    states = [
        status_of(enabled=enabled, email="a@b.example", zip_code="1", has_accessed=accessed)
        for enabled, accessed in ((False, False), (True, False), (True, True))
    ]

    assert [(row.label, row.tone) for row in states] == [
        ("Inactive", "danger"), ("Unactivated", "warning"), ("Active", "ok"),
    ]  # fmt: skip
    assert len({row.icon for row in states}) == 3


def test_advice_for_an_inactive_patient_names_each_fix():
    """PC-29."""
    status = status_of(enabled=False, email="", zip_code="", has_accessed=False)

    assert len(status.advice) == 3
    assert "Patient Can Access Portal" in status.advice[0]
    assert "e-mail" in status.advice[1]
    assert "zip code" in status.advice[2]


def test_advice_for_an_unactivated_patient():
    """PC-30."""
    status = status_of(enabled=True, email="a@b.example", zip_code="1", has_accessed=False)

    assert "I am a registered patient. Create my Patient Portal account" in status.advice[0]


def test_advice_for_an_active_patient():
    """PC-31."""
    status = status_of(enabled=True, email="a@b.example", zip_code="1", has_accessed=True)

    assert "I forgot my password" in status.advice[0]


@pytest.mark.parametrize("accessed", [False, True])
def test_advice_names_the_four_fields_that_may_differ(accessed):
    """PC-32."""
    status = status_of(enabled=True, email="a@b.example", zip_code="1", has_accessed=accessed)

    assert all(word in status.advice[1] for word in ("e-mail", "last name", "date of birth", "zip code"))


@pytest.mark.parametrize("rows", [1, 3])
def test_a_list_costs_one_query_however_long(cast, rows, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = list(queries.with_portal_status(Patient.objects.filter(practice=cast.practice))[:rows])
        [queries.status_of_annotated(row) for row in found]
    assert len(found) == rows


def test_the_panel_shows_word_reasons_and_advice(cast, rf):
    """PC-24."""
    from portal_core.access.panels import portal_status_panel

    set_access(cast.piet)
    panel = portal_status_panel(rf.get("/"), patient=cast.piet)

    assert 'data-portal-state="inactive"' in panel
    assert "badge-danger" in panel
    assert "Inactive" in panel
    assert "No e-mail address on file" in panel
    assert "Portal access is not enabled" not in panel
