import dataclasses
import datetime as dt

import pytest

from telehealth.rules.eligibility import Facts, closes_at, judge, opens_at

START = dt.datetime(2026, 12, 1, 17, 0, tzinfo=dt.UTC)
FINE = Facts(
    now=START, start=START, type="individual", status="booked", telehealth=True, has_patient=True,
    has_portal_account=True, practice_switch=True, provider_switch=True,
)  # fmt: skip
SECOND = dt.timedelta(seconds=1)
HOURS_5 = dt.timedelta(hours=5)


def codes(**changes) -> tuple[str, ...]:
    return judge(dataclasses.replace(FINE, **changes)).codes


def test_an_ordinary_appointment_is_eligible():
    """TH-05"""
    assert judge(FINE).ok is True
    assert judge(FINE).reasons == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"type": "group"}, ("type",)),
        ({"type": "event"}, ("type",)),
        ({"type": "blackout"}, ("type",)),
        ({"type": "intake"}, ()),
        ({"type": "follow_up"}, ()),
        ({"type": "consultation"}, ()),
        ({"type": "group", "allow_group": True}, ()),  # C1 drops this clause,
        ({"type": "event", "allow_group": True}, ("type",)),  # and no other
        ({"type": "blackout", "allow_group": True}, ("type",)),
        ({"has_portal_account": False}, ("no_portal_account",)),
        ({"has_patient": False, "has_portal_account": False}, ("no_patient",)),
        ({"status": "noshow"}, ("missed",)),
        ({"status": "cancelled"}, ("cancelled",)),
        ({"status": "arrived"}, ()),
        ({"status": "fulfilled"}, ()),
        ({"start": None}, ("not_saved",)),
        ({"telehealth": False}, ("in_person",)),
    ],
)
def test_type_account_status_and_saved(changes, expected):
    """TH-05, TH-23, PC-66: each clause alone."""
    assert codes(**changes) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (START - HOURS_5 - SECOND, ("too_early",)),
        (START - HOURS_5, ()),
        (START - HOURS_5 + SECOND, ()),
        (START, ()),
        (START + HOURS_5 - SECOND, ()),
        (START + HOURS_5, ()),
        (START + HOURS_5 + SECOND, ("too_late",)),
    ],
)
def test_the_window_to_the_second(now, expected):
    """TH-06, TH-07: five hours before until five hours after, both ends included."""
    assert codes(now=now) == expected


def test_the_example_of_the_handbook():
    """TH-06: 5:00 PM opens at 12:00 PM and closes at 10:00 PM."""
    assert (opens_at(START).hour, closes_at(START).hour) == (12, 22)


@pytest.mark.parametrize(
    ("practice", "provider", "expected"),
    [
        (True, True, ()),
        (False, True, ("practice_off",)),
        (True, False, ("provider_off",)),
        (False, False, ("practice_off", "provider_off")),
    ],
)
def test_both_switches_and_which_is_off(practice, provider, expected):
    """TH-01, TH-02 and C2: both must be on, and the reason says which is off."""
    assert codes(practice_switch=practice, provider_switch=provider) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"is_clinician_on_it": False}, ("not_clinician",)),
        ({"role_may_start": False}, ("role",)),
        ({"is_clinician_on_it": False, "role_may_start": False}, ("role", "not_clinician")),
    ],
)
def test_who_may_start(changes, expected):
    """TH-04, TH-06: a clinician or an intern, and the one on the appointment."""
    assert codes(**changes) == expected


def test_every_reason_is_told_at_once():
    """TH-08: all that has to be put right, not one thing after the other."""
    verdict = judge(
        dataclasses.replace(
            FINE, telehealth=False, has_portal_account=False, status="noshow", practice_switch=False,
            now=START + HOURS_5 + SECOND, closed_text="10:00 PM",
        )
    )  # fmt: skip

    assert verdict.codes == ("practice_off", "in_person", "no_portal_account", "missed", "too_late")
    assert all(reason.provider and reason.client for reason in verdict.reasons)
    assert "10:00 PM" in verdict.reasons[-1].provider
    assert "switched off for your practice" in verdict.reasons[0].provider
    assert "practice" not in verdict.reasons[0].client  # the patient is not told how the practice is run
