"""Every state has a badge, every move leaves a line on the ledger: beside each MOVES table stand TONES and VERBS."""

import importlib
from pathlib import Path

import pytest

from portal_core.notify.enums import DeliveryState
from portal_core.ui.charts import TONES as KNOWN_TONES
from tests.house import ledger
from tests.house.states_page import state_machines

MACHINES = state_machines()
OWN_RECORD = {DeliveryState}  # rows that keep their own moments; see the comment at their VERBS


def beside(name, what):
    """The table of `what` of the machine whose MOVES table has this dotted name."""
    module, _, moves = name.rpartition(".")
    return getattr(importlib.import_module(f"{module}.enums"), moves.removesuffix("MOVES") + what)


def entered(moves):
    """States that some other state moves to."""
    return {target for state, targets in moves.items() for target in targets if target != state}


def each(function):
    return pytest.mark.parametrize(("name", "states", "moves"), MACHINES, ids=[name for name, *_ in MACHINES])(function)


@each
def test_every_state_has_a_badge(name, states, moves):
    tones = beside(name, "TONES")

    assert set(tones) == set(states)
    assert set(tones.values()) <= set(KNOWN_TONES)
    assert len({str(state.label) for state in states}) == len(states)


@each
def test_the_ledger_has_words_for_every_state_that_is_entered(name, states, moves):
    verbs, app = beside(name, "VERBS"), name.rpartition(".")[0]

    assert set(verbs) <= set(states)
    assert all(verbs.values())
    assert {verb for of_state in verbs.values() for verb in of_state} <= ledger.spelled_out(app)
    if states not in OWN_RECORD:
        assert entered(moves) <= set(verbs)


@each
def test_no_move_goes_without_its_line(name, states, moves):
    verbs = {(states.__name__, states(state).name): words for state, words in beside(name, "VERBS").items()}
    if states in OWN_RECORD:  # of these, what people decide is judged where it happens
        return

    assert ledger.unwritten(name.rpartition(".")[0], verbs) == []


@pytest.mark.parametrize(("deed", "state"), [("take_back", "CANCELLED"), ("try_again", "WAITING")])
def test_what_people_decide_about_deliveries_is_on_the_ledger(deed, state):
    verbs = beside("portal_core.notify.MOVES", "VERBS")[DeliveryState[state]]

    for one in ledger.deeds("portal_core.notify")[deed]:
        assert one.verbs & set(verbs), one.where


def test_the_reader_of_the_code_finds_moves_at_all():
    """Were `move` called something else one day, the tests above would hold because they see nothing."""
    # Moved to what a form, a scanner or a moment says, not to a state that is spelled out.
    unseen = {"IncidentStatus", "MaintenanceStatus", "SubscriberState", "FileState"}
    for name, states, moves in MACHINES:
        found = ledger.moved_to(name.rpartition(".")[0], states.__name__)
        wanted = {states(state).name for state in entered(moves)}
        assert states.__name__ in unseen or states in OWN_RECORD or wanted <= found, (name, wanted - found)


def test_a_move_without_a_line_is_found(tmp_path, monkeypatch):
    app = tmp_path / "shop"
    app.mkdir()
    (app / "actions.py").write_text(
        "def good(row):\n    row.move(State.SOLD)\n    record('cart:sell')\n\n"
        "def inner(row):\n    row.move(State.SOLD if row.paid else State.LOST)\n\n"
        "def outer(row):\n    inner(row)\n    record('cart:sell')\n\n"
        "def bad(row):\n    row.state, row.at = State.LOST, 1\n"
    )
    monkeypatch.setattr(ledger, "ROOT", Path(tmp_path))
    ledger.deeds.cache_clear()
    verbs = {("State", "SOLD"): ("cart:sell",), ("State", "LOST"): ("cart:sell", "cart:lose")}

    faults = ledger.unwritten("shop", verbs)
    ledger.deeds.cache_clear()

    assert faults == ["shop/actions.py:bad moves to LOST and leaves none of ('cart:sell', 'cart:lose')"]
