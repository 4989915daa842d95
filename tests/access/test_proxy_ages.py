"""Each practice chooses the birthdays at which parents and guardians see less, and nothing; it holds at once."""

import datetime as dt

import pytest
import time_machine
from django.db import IntegrityError, transaction

from portal_core.access import errors, queries
from portal_core.access.actions import proxies
from portal_core.access.rules.proxy import Ages, Terms, allowed, last_day
from portal_core.directory.actions import practices
from portal_core.directory.errors import AgesWrong, NotYoursToGrant
from portal_core.directory.models import Practice
from portal_core.kernel.models import AuditEvent
from tests.access.factories import refresh
from tests.cast import make_patient, signed_in

NOON = dt.datetime(2026, 3, 2, 18, 0, tzinfo=dt.UTC)
TODAY = dt.date(2026, 3, 2)
PAGE = "/desk/settings/parents/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


def ages_of(cast) -> tuple[int, int]:
    row = Practice.objects.get(pk=cast.practice.pk)
    return row.proxy_limited_from, row.proxy_own_from


@pytest.mark.parametrize(
    ("ages", "born", "scopes"),
    [
        (Ages(14, 19), dt.date(2012, 3, 3), {"schedule", "telehealth"}),  # 13, for one more day
        (Ages(14, 19), dt.date(2012, 3, 2), {"schedule"}),
        (Ages(14, 19), dt.date(2007, 3, 3), {"schedule"}),  # 18
        (Ages(14, 19), dt.date(2007, 3, 2), set()),
        (Ages(13, 13), dt.date(2013, 3, 3), {"schedule", "telehealth"}),
        (Ages(13, 13), dt.date(2013, 3, 2), set()),  # nothing in between
        (Ages(0, 18), TODAY, {"schedule"}),
    ],
)
def test_what_holds_follows_the_practice_s_ages(ages, born, scopes):
    terms = Terms(
        relationship="parent", scopes=["schedule", "telehealth"], starts_on=TODAY, ends_on=TODAY, ended=False
    )  # fmt: skip
    assert allowed(terms, born=born, today=TODAY, ages=ages) == scopes


def test_the_last_day_follows_too():
    assert last_day("guardian", dt.date(2008, 1, 5), TODAY, Ages(12, 19)) == dt.date(2027, 1, 4)
    assert last_day("guardian", dt.date(2008, 1, 5), TODAY) is None


def test_the_administrator_changes_them_on_a_page(cast):
    ana = signed_in(cast.ana)
    assert ana.get(PAGE).context["form"].initial == {"limited_from": 12, "own_from": 18}

    for _ in range(2):
        assert ana.post(PAGE, {"limited_from": "14", "own_from": "19"}).status_code == 302

    assert ages_of(cast) == (14, 19)
    line = AuditEvent.objects.get(action="practice:set-proxy-ages")
    assert line.facts == {"limited_from": 14, "own_from": 19}


@pytest.mark.parametrize(
    ("limited", "own", "field"),
    [
        ("19", "18", "limited_from"), ("-1", "18", "limited_from"), ("x", "18", "limited_from"),
        ("12", "11", "own_from"), ("12", "22", "own_from"), ("12", "", "own_from"),
    ],
)  # fmt: skip
def test_ages_that_do_not_go_together_are_refused_beside_their_field(cast, limited, own, field):
    answer = signed_in(cast.ana).post(PAGE, {"limited_from": limited, "own_from": own})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert ages_of(cast) == (12, 18)


def test_others_change_nothing(cast):
    assert signed_in(cast.olivia).post(PAGE, {"limited_from": 0, "own_from": 21}).status_code == 403
    for who in (cast.olivia, cast.ian, cast.charlie):
        with pytest.raises(NotYoursToGrant):
            practices.set_proxy_ages(practice=cast.practice, limited_from=0, own_from=21, by=who.actor)
    with pytest.raises(AgesWrong):
        practices.set_proxy_ages(practice=cast.practice, limited_from=19, own_from=18, by=cast.ana.actor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Practice.objects.filter(pk=cast.practice.pk).update(proxy_own_from=11)

    assert ages_of(cast) == (12, 18)
    assert AuditEvent.objects.filter(action__startswith="practice:").count() == 0


@pytest.mark.usefixtures("check")
def test_a_change_holds_at_once_and_makes_nothing_longer(cast):
    """What was given before shrinks with the ages; its last day stays. The office's form names the age."""
    teen = make_patient("Kim", cast.north, "MRN-KIM", birth_date=dt.date(2013, 1, 1), email="")
    given = {
        "name": "Dana Doe", "relationship": "parent", "scopes": ["schedule", "telehealth"], "starts_on": TODAY,
        "ends_on": dt.date(2026, 12, 31), "attestation_id": "att-1", "by": cast.olivia.actor,
    }  # fmt: skip
    row = proxies.grant(patient=teen, email="dana@people.example", **given)
    assert queries.scopes_of(refresh(row), NOON) == {"schedule"}

    practices.set_proxy_ages(practice=cast.practice, limited_from=14, own_from=19, by=cast.ana.actor)
    assert queries.scopes_of(refresh(row), NOON) == {"schedule", "telehealth"}
    page = signed_in(cast.olivia).get(f"/desk/patients/{teen.public_id}/proxies/new/").content.decode()
    assert "before the patient turns 19" in page

    practices.set_proxy_ages(practice=cast.practice, limited_from=12, own_from=13, by=cast.ana.actor)
    assert queries.scopes_of(refresh(row), NOON) == set()
    teen.practice.refresh_from_db()
    with pytest.raises(errors.ProxyOfAge):
        proxies.grant(patient=teen, email="other@people.example", **given)
    assert refresh(row).ends_on == dt.date(2026, 12, 31)
