"""The decision table, the packet, the surge and the strength of evidence: pure functions, exact answers."""

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.enums import Category
from triage.enums import (
    ESCALATION_MOVES,
    ESCALATION_OPEN,
    ESCALATION_TONES,
    ESCALATION_TURN,
    PATIENT_LEVELS,
    EscalationState,
    Level,
    Method,
    OfficeStep,
    Owner,
    RedFlag,
    RefusalCode,
    RelayReason,
)
from triage.rules import verification as v
from triage.rules.edits import table
from triage.rules.phi import identity_words, phi_lint
from triage.rules.routing import Packet, RequestFacts, decide, packet_faults
from triage.rules.surge import Report, surges
from triage.rules.table import ROUTES

C, L, S = Category, Level, OfficeStep
ERROR, LOGIN, CONNECT, MAIL = RelayReason
NOW = dt.datetime(2026, 3, 2, 15, 0, tzinfo=dt.UTC)

TABLE = [
    # category, first owner, level, office steps, TR-05 reasons
    (C.LOGIN_PWD, Owner.OFFICE, L.R2, {S.VERIFY_IDENTITY, S.CHECK_SETUP, S.INSTRUCT_RESET}, {ERROR, LOGIN, MAIL}),
    (C.LOGIN_UID, Owner.OFFICE, L.R1, {S.CHECK_SETUP}, {ERROR, LOGIN}),
    (C.LOCKED, Owner.OFFICE, L.R2, {S.VERIFY_IDENTITY, S.CHECK_SETUP}, {ERROR, LOGIN}),
    (C.REG_PIN, Owner.OFFICE, L.R2, {S.VERIFY_IDENTITY, S.CHECK_SETUP, S.REGISTRATION_PIN}, {ERROR, LOGIN}),
    (C.NOT_SETUP, Owner.OFFICE, L.R1, {S.CHECK_SETUP}, {ERROR, LOGIN}),
    (C.CONTACT_CHANGE, Owner.OFFICE, L.R3, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.MSG_NOT_RECEIVED, Owner.OFFICE, L.R1, {S.CHECK_SETUP, S.TRACK_DELIVERY}, {MAIL, ERROR}),
    (C.ATTACH_OPEN, Owner.OFFICE, L.R0, {S.TRACK_DELIVERY}, {ERROR}),
    (C.ATTACH_MISSING, Owner.OFFICE, L.R1, {S.TRACK_DELIVERY}, {ERROR, MAIL}),
    (C.ERROR_MSG, Owner.IT, L.R0, set(), {ERROR}),
    (C.SITE_DOWN, Owner.IT, L.R0, set(), {CONNECT, ERROR}),
    (C.BROWSER, Owner.OFFICE, L.R0, set(), {ERROR, CONNECT}),
    (C.SLOW, Owner.OFFICE, L.R0, set(), {CONNECT, ERROR}),
    (C.NAV_HELP, Owner.OFFICE, L.R0, set(), set()),
    (C.TH_JOIN, Owner.OFFICE, L.R1, {S.CHECK_SETUP}, {ERROR, CONNECT}),
    (C.TH_AV, Owner.OFFICE, L.R0, set(), {ERROR, CONNECT}),
    (C.STAFF_ACCESS, Owner.IT, L.RS, set(), {ERROR, LOGIN, CONNECT}),
    (C.STAFF_HOWTO, Owner.IT, L.R0, set(), {ERROR, CONNECT}),
    (C.OTHER, Owner.OFFICE, L.R0, set(), {ERROR, CONNECT}),
    (C.MFA_CODE, Owner.OFFICE, L.R1, {S.CHECK_SETUP}, {ERROR, LOGIN}),
    (C.MFA_NEWPHONE, Owner.OFFICE, L.R3, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.WRONG_PORTAL, Owner.OFFICE, L.R0, set(), {CONNECT}),
    (C.SHARED_EMAIL, Owner.OFFICE, L.R3, {S.VERIFY_IDENTITY, S.CHECK_SETUP}, set()),
    (C.DUP_ACCT, Owner.OFFICE, L.R3, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.PROXY_MINOR, Owner.OFFICE, L.R4, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.PROXY_ADULT, Owner.OFFICE, L.R4, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.AGE_OUT, Owner.OFFICE, L.R4, {S.VERIFY_IDENTITY, S.REGISTRATION_PIN}, {ERROR}),
    (C.MSG_DELIVERY, Owner.OFFICE, L.R0, {S.TRACK_DELIVERY}, {MAIL, ERROR}),
    (C.NOTIFY_PREF, Owner.OFFICE, L.R1, {S.TRACK_DELIVERY}, {MAIL}),
    (C.APP_MOBILE, Owner.OFFICE, L.R0, set(), {ERROR, CONNECT}),
    (C.ACCESSIBILITY, Owner.OFFICE, L.R0, set(), {ERROR}),
    (C.LANGUAGE, Owner.OFFICE, L.R0, set(), set()),
    (C.TH_WAIT, Owner.OFFICE, L.R0, set(), {ERROR, CONNECT}),
    (C.RESULT_MISSING, Owner.CLINIC, L.R1, {S.TRACK_DELIVERY}, {ERROR}),
    (C.RECORD_WRONG, Owner.CLINIC, L.R2, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.ECONSULT, Owner.CLINIC, L.R1, set(), {ERROR}),
    (C.APPT, Owner.OFFICE, L.R1, set(), {ERROR}),
    (C.REFILL, Owner.CLINIC, L.R1, set(), {ERROR}),
    (C.FORM, Owner.OFFICE, L.R1, set(), {ERROR}),
    (C.BILLING, Owner.BILLING, L.R2, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.PRIVACY_REQ, Owner.PRIVACY, L.R2, {S.VERIFY_IDENTITY}, {ERROR}),
    (C.SEC_REPORT, Owner.SECURITY, L.R0, set(), {ERROR, LOGIN, CONNECT, MAIL}),
    (C.CLINICAL_URGENT, Owner.CLINIC, L.R0, set(), set()),
    (C.PROVIDER_PORTAL, Owner.IT, L.R0, set(), {ERROR, CONNECT}),
    (C.FEEDBACK, Owner.OFFICE, L.R0, set(), {ERROR}),
]


@pytest.mark.parametrize(("category", "owner", "level", "steps", "reasons"), TABLE)
def test_the_decision_table(category, owner, level, steps, reasons):
    """HD-06, HD-15, HD-17, TR-04, TR-05: who is first, what the office does, for which of the four it goes to IT."""
    row = ROUTES[category]

    assert (row.owner, row.level, set(row.steps), set(row.reasons)) == (owner, level, steps, reasons)
    assert row.office_does
    assert row.relay_when


def test_every_category_has_exactly_one_row():
    assert set(ROUTES) == set(Category) == {row[0] for row in TABLE}


def test_the_offices_six_and_the_four_triggers_are_those_of_the_seed():
    """TR-04, TR-05: exact six, exact four."""
    assert [str(step.label) for step in OfficeStep] == [
        "Verify the patient's identity",
        "Verify the patient is set up in the portal",
        "Generate a registration PIN (when necessary)",
        "Verify delivery and track messages and documents sent to the message inbox",
        "Instruct the patient on the initial password reset",
        "Relay the patient's information to support when there is a technical problem",
    ]
    assert [str(reason.label) for reason in RelayReason] == [
        "The patient receives any error message",
        "The patient cannot remember the user ID, or the online password reset does not work",
        "The patient cannot connect to the practice website or the portal website",
        "The patient does not receive a secure message e-mail",
    ]


@pytest.mark.parametrize(
    ("facts", "owner", "first"),
    [
        ({"category": C.LOGIN_PWD}, Owner.OFFICE, "This kind of request starts with: Office."),
        (
            {"category": C.ERROR_MSG},
            Owner.OFFICE,
            "Patients contact their office first (TR-03); this kind is relayed to IT at once.",
        ),
        (
            {"category": C.ERROR_MSG, "patients_may_write_to_it": True},
            Owner.IT,
            "This kind of request starts with: IT support.",
        ),
        (
            {"category": C.LOGIN_PWD, "requester": "provider"},
            Owner.IT,
            "Staff and providers write to IT directly; IT checks who they are (TR-09).",
        ),
        (
            {"category": C.SLOW, "incident": "Portal is slow"},
            Owner.OFFICE,
            "A known incident matches: Portal is slow. Link it; no flag is needed.",
        ),
        ({"category": C.OTHER, "text": "I have chest pain"}, Owner.CLINIC, "Urgent words: hand it to a clinician now."),
        (
            {"category": C.OTHER, "text": "I think I was hacked"},
            Owner.SECURITY,
            "It sounds like a security report: take it from anyone, verify afterwards.",
        ),
    ],
)
def test_why_a_request_landed_where_it_did(facts, owner, first):
    """HD-05, TR-03, TR-07, TR-09, C5, C6: the first rule that speaks decides, and says so."""
    decision = decide(RequestFacts(office="North", **facts))

    assert (decision.owner, decision.why[0]) == (owner, first)


def test_a_hold_calls_the_manager():
    decision = decide(RequestFacts(category=C.LOGIN_PWD, home_office="North", on_hold=True))

    assert decision.needs_manager
    assert decision.why[1:] == (
        "Identity checks are on hold for this patient: the office manager decides.",
        "North is the patient's home office.",
    )


# --- the packet -------------------------------------------------------------------------------------------------------
def packet(**changes):
    values = {
        "category": C.MSG_NOT_RECEIVED, "reason": MAIL, "error_text": "none", "page": "mail", "happened": True,
        "device": "Chrome", "steps_done": frozenset({S.CHECK_SETUP, S.TRACK_DELIVERY}), "attested_level": L.R1,
        "patient_matched": True, "ok_to_contact": False, "contact_number": "", "impact": "one",
    }  # fmt: skip
    return Packet(**{**values, **changes})


def test_a_complete_packet_has_no_faults():
    assert packet_faults(packet()) == ()


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"category": C.NAV_HELP}, [(RefusalCode.NOT_IT, "category")]),
        ({"duplicate_of": "abc"}, [(RefusalCode.DUPLICATE_OF, "")]),
        ({"incident": "Mail is late"}, [(RefusalCode.INCIDENT_KNOWN, "incident_denied")]),
        ({"incident": "Mail is late", "incident_denied": True}, []),
        ({"steps_done": frozenset({S.CHECK_SETUP})}, [(RefusalCode.PLAYBOOK_INCOMPLETE, "step:track_delivery")]),
        ({"attested_level": ""}, [(RefusalCode.NO_ATTESTATION, "identity")]),
        ({"attested_level": "", "patient_matched": False}, [(RefusalCode.NO_ATTESTATION, "identity")]),
        ({"reason": "because"}, [(RefusalCode.MISSING_FIELD, "reason")]),
        ({"reason": CONNECT}, [(RefusalCode.MISSING_FIELD, "reason")]),
        ({"error_text": "  "}, [(RefusalCode.MISSING_FIELD, "error_text")]),
        ({"page": ""}, [(RefusalCode.MISSING_FIELD, "page")]),
        ({"happened": False}, [(RefusalCode.MISSING_FIELD, "happened_at")]),
        ({"device": ""}, [(RefusalCode.MISSING_FIELD, "device")]),
        ({"impact": ""}, [(RefusalCode.MISSING_FIELD, "impact")]),
        ({"ok_to_contact": True}, [(RefusalCode.MISSING_FIELD, "contact_number")]),
        ({"ok_to_contact": True, "contact_number": "1"}, []),
    ],
)
def test_a_packet_is_refused_by_code_with_its_fix(changes, faults):
    """TR-06, HD-09: incomplete flags are refused by code, and each code names what to do."""
    found = packet_faults(packet(**changes))

    assert [(fault.code, fault.field) for fault in found] == faults
    assert all(fault.fix for fault in found)


def test_a_reason_that_the_practice_added_carries_a_flag():
    """TR-05: the row of the kind says for which of the four reasons it may go to IT."""
    added = table({"MSG_NOT_RECEIVED": {"reasons": [*ROUTES[C.MSG_NOT_RECEIVED].reasons, CONNECT]}})

    assert packet_faults(packet(reason=CONNECT), added) == ()
    assert "receive a secure message" in packet_faults(packet(reason=CONNECT))[0].fix


def test_a_password_flag_needs_more_than_a_found_chart():
    """TR-06: R1 does not carry an R2 request."""
    steps = frozenset({S.CHECK_SETUP, S.INSTRUCT_RESET, S.VERIFY_IDENTITY})
    weak = packet(category=C.LOGIN_PWD, steps_done=steps, attested_level=L.R1)
    strong = packet(category=C.LOGIN_PWD, steps_done=steps, attested_level=L.R2)

    assert [fault.code for fault in packet_faults(weak)] == [RefusalCode.NO_ATTESTATION]
    assert packet_faults(strong) == ()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Error 500 on /portal/messages at 10:14", []),
        ("MRN 00123456", ["mrn"]),
        ("DOB: 5/17/1980", ["dob"]),
        ("she was here on 1980-05-17", ["date"]),
        ("078-05-1120", ["ssn"]),
        ("write to pat@patients.example", ["email"]),
        ("call (217) 555-0100 or 217-555-0101", ["phone", "phone"]),
        ("ERR_CONNECTION_REFUSED 127.0.0.1:8000", []),
    ],
)
def test_the_lint_finds_what_looks_like_a_patient(text, kinds):
    assert [finding.kind for finding in phi_lint(text)] == kinds


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Okafor cannot sign in", ["patient"]),
        ("PAULA sees error 500", ["patient"]),
        ("born April 2", ["patient"]),
        ("4/2/80", ["patient"]),
        ("lan-77 in the title", ["patient"]),
        ("Paulas Okaforium", []),
        ("she asks about her diabetes", ["health"]),
        ("takes 20 mg", ["health"]),
    ],
)
def test_the_lint_knows_this_very_patient_and_words_of_health(text, kinds):
    """TR-01, HD-09: IT must not learn who it is, nor what they have."""
    known = identity_words(
        names=("Paula", "Okafor", "Jo"), record="LAN-77", email="p@x.example", born=dt.date(1980, 4, 2)
    )
    assert [finding.kind for finding in phi_lint(text, known)] == kinds


@given(st.text(max_size=300))
def test_the_lint_never_fails_and_never_overlaps(text):
    found = phi_lint(text)

    assert all(0 <= one.start < one.end <= len(text) for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


# --- the surge --------------------------------------------------------------------------------------------------------
def reports(minutes, offices=("North", "South"), category=C.MSG_NOT_RECEIVED):
    return [
        Report(str(n), category, offices[n % len(offices)], NOW - dt.timedelta(minutes=ago))
        for n, ago in enumerate(minutes)
    ]


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        (reports([14, 11, 7, 3, 0]), [5]),
        (reports([15, 11, 7, 3, 0]), [5]),
        (reports([16, 11, 7, 3, 0]), []),
        (reports([14, 11, 7, 3]), []),
        (reports([14, 11, 7, 3, 0], offices=("North",)), []),
        (reports([60, 58, 56, 52, 48, 5]), [6]),  # IT looked away: the burst is still there
        (reports([130, 128, 126, 124, 122]), []),
        (reports([-1, -2, 0, 1, 2]), []),
        (reports([4, 3, 2, 1, 0]) + reports([4, 3, 2, 1, 0], category=C.SLOW), [5, 5]),
        ([], []),
    ],
)
def test_a_surge_is_five_of_a_kind_in_a_quarter_hour_over_two_offices(rows, counts):
    assert [proposal.count for proposal in surges(rows, NOW)] == counts


def test_a_proposal_names_its_flags_and_offices():
    (proposal,) = surges(reports([14, 11, 7, 3, 0], offices=("North", "South", "West")), NOW)

    assert proposal.report_ids == ("0", "1", "2", "3", "4")
    assert proposal.offices == ("North", "South", "West")
    assert proposal.last_at - proposal.first_at == dt.timedelta(minutes=14)


# --- how sure is sure enough ------------------------------------------------------------------------------------------
M = Method
SUFFICIENT = [
    (L.R1, {M.K}, True),
    (L.R1, set(), False),
    (L.R2, {M.K}, False),
    (L.R2, {M.E3}, False),
    *((L.R2, {M.K, one}, True) for one in (M.E1, M.E2, M.E3, M.E4, M.E5, M.E7, M.E8)),
    (L.R2, {M.K, M.E6}, False),
    (L.R2, {M.K, M.E9}, False),
    (L.R3, {M.K, M.E3}, False),
    (L.R3, {M.K, M.E3, M.E4}, True),
    (L.R3, {M.K, M.E1, M.E2}, True),
    (L.R3, {M.K, M.E7, M.E8}, False),
    (L.R3, {M.K, M.E3, M.E6}, False),
    (L.R4, {M.K, M.E1, M.E3}, False),
    (L.R4, {M.K, M.E1, M.E3, M.E9}, True),
    (L.RS, set(Method), False),
]


@pytest.mark.parametrize(("level", "methods", "enough"), SUFFICIENT)
def test_which_proofs_carry_which_level(level, methods, enough):
    verdict = v.judge(level, [v.Evidence(method) for method in methods])

    assert verdict.suffices is enough
    assert verdict.four_eyes is (level in (L.R3, L.R4))


evidence = st.lists(
    st.builds(v.Evidence, st.sampled_from(Method), st.one_of(st.none(), st.integers(0, 400))), max_size=8
)


@given(evidence, evidence, st.sampled_from(PATIENT_LEVELS))
def test_more_evidence_never_proves_less(some, more, level):
    if v.judge(level, some).suffices:
        assert v.judge(level, some + more).suffices


@given(evidence)
def test_a_stronger_level_never_asks_for_less(some):
    results = [v.judge(level, some).suffices for level in PATIENT_LEVELS]

    assert results == sorted(results, reverse=True)


@given(evidence)
def test_knowledge_alone_authorises_nothing(some):
    """Research finding 3: identifiers find the chart and prove nothing."""
    knowledge = [one for one in some if one.method in (M.K, M.E6, M.E9)]

    assert not v.judge(L.R2, knowledge).suffices


@pytest.mark.parametrize(("age", "enough"), [(0, False), (29, False), (30, True), (None, True)])
def test_a_young_contact_proves_nothing(age, enough):
    assert v.judge(L.R2, [v.Evidence(M.K), v.Evidence(M.E3, age)]).suffices is enough


@pytest.mark.parametrize(
    ("base", "flags", "age", "level"),
    [
        (L.R1, (), 5, L.R1),
        (L.R2, (), 400, L.R2),
        (L.R2, (), 29, L.R3),
        (L.R2, (), 30, L.R2),
        (L.R2, (RedFlag.PRESSURE,), 400, L.R3),
        (L.R2, (RedFlag.PRESSURE, RedFlag.NO_NOTICE), 400, L.R3),
        (L.R2, (RedFlag.PRESSURE,), 5, L.R4),
        (L.R1, (RedFlag.PROMPTED,), None, L.R2),
        (L.R4, (RedFlag.PRESSURE,), None, L.R4),
    ],
)
def test_what_raises_the_level(base, flags, age, level):
    assert v.required_level(base, red_flags=flags, destination_age_days=age) == level


@pytest.mark.parametrize(
    ("level", "methods", "seconds"),
    [
        (L.R1, {M.K}, 900),
        (L.R2, {M.K, M.E1}, 3600),
        (L.R2, {M.K, M.E3}, 900),
        (L.R3, {M.K, M.E1, M.E3}, 900),
        (L.R2, {M.K, M.E1, M.E6}, 3600),
    ],
)
def test_how_long_it_holds_in_seconds(level, methods, seconds):
    """From when the proof was taken, not from when the check was finished."""
    now, taken = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC), dt.datetime(2026, 5, 4, 8, 50, tzinfo=dt.UTC)
    fresh, old = ([v.Evidence(method, at=at) for method in methods] for at in (now, taken))

    assert v.good_until(level, fresh, None, now) == now + dt.timedelta(seconds=seconds)
    assert v.good_until(level, old, None, now) == taken + dt.timedelta(seconds=seconds)


# --- the flag's map ---------------------------------------------------------------------------------------------------
def test_every_state_of_a_flag_has_moves_a_turn_and_a_tone():
    assert set(ESCALATION_MOVES) == set(ESCALATION_TURN) == set(ESCALATION_TONES) == set(EscalationState)
    assert {state for state in EscalationState if ESCALATION_MOVES[state]} == set(ESCALATION_OPEN)
    assert set(ESCALATION_TURN.values()) <= {"it", "office", "nobody"}


@given(st.lists(st.sampled_from(EscalationState), max_size=12))
def test_from_anywhere_a_flag_can_reach_an_end(path):
    state = EscalationState.SENT
    for wanted in path:
        if wanted in ESCALATION_MOVES[state]:
            state = wanted
    reachable, frontier = {state}, [state]
    while frontier:
        for following in ESCALATION_MOVES[frontier.pop()]:
            if following not in reachable:
                reachable.add(following)
                frontier.append(following)

    assert reachable & {EscalationState.DONE, EscalationState.RETURNED, EscalationState.WITHDRAWN}
