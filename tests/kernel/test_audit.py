"""The ledger: append-only, chained per practice, and whoever tampers is named by practice and line."""

import datetime as dt
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from portal_core.kernel import audit
from portal_core.kernel.audit import Fault
from portal_core.kernel.contracts import SYSTEM, Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.models import AuditChain, AuditEvent

OLIVIA = Actor(kind=ActorKind.STAFF, id="olivia", label="Olivia", practice_id=7, hat="office_staff")

pytestmark = pytest.mark.django_db


def write(count: int = 3, by: Actor = OLIVIA) -> list[AuditEvent]:
    lines = [audit.record("thing:done", by=by, number=number) for number in range(count)]
    audit.seal()
    return lines


def tamper(sql: str) -> None:
    """Change the table as somebody with the database's own password would: with the triggers switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE kernel_auditevent DISABLE TRIGGER USER")
        else:
            cursor.execute("DROP TRIGGER audit_no_change")
            cursor.execute("DROP TRIGGER audit_no_delete")
        cursor.execute(sql)


def test_a_line_says_who_did_what_in_which_hat():
    at = dt.datetime(2026, 3, 1, 9, 30, tzinfo=dt.UTC)

    line = audit.record("ticket:solve", by=OLIVIA, at=at, reason="portal")

    line.refresh_from_db()
    assert (line.action, line.actor_kind, line.actor_id, line.actor_label, line.actor_hat, line.practice_id) == (
        "ticket:solve", "staff", "olivia", "Olivia", "office_staff", 7,
    )  # fmt: skip
    assert (line.at, line.facts, line.sequence, line.hash) == (at, {"reason": "portal"}, None, "")


def test_a_line_names_its_target_by_public_id(cast):
    line = audit.record("patient:read", by=OLIVIA, target=cast.pat)

    assert (line.target_type, line.target_id) == ("directory.patient", cast.pat.public_id)


def test_sealing_chains_the_lines_of_each_practice():
    first, second = write(2)
    (other,) = write(1, by=SYSTEM)
    for line in (first, second, other):
        line.refresh_from_db()

    assert (first.sequence, first.previous_hash) == (1, "")
    assert (second.sequence, second.previous_hash) == (2, first.hash)
    assert (other.sequence, other.previous_hash) == (1, "")
    assert {head.practice_key: (head.sequence, head.hash) for head in AuditChain.objects.all()} == {
        7: (2, second.hash),
        0: (1, other.hash),
    }
    assert list(audit.verify()) == []
    assert audit.seal() == 0


def test_more_than_one_batch_is_sealed(monkeypatch):
    monkeypatch.setattr(audit, "SEAL_BATCH", 2)
    for number in range(5):
        audit.record("thing:done", by=OLIVIA, number=number)

    assert audit.seal() == 5
    assert list(audit.verify()) == []


CHANGED, UNLINKED = "was changed after it was written", "does not follow the line before it"
LINES, HEADS = "kernel_auditevent", "kernel_auditchain"


@pytest.mark.parametrize(
    ("sql", "faults"),
    [
        (f"UPDATE {LINES} SET actor_label = 'Nobody' WHERE sequence = 2", [(2, CHANGED)]),
        (f"UPDATE {LINES} SET facts = '{{}}' WHERE sequence = 1", [(1, CHANGED)]),
        (f"UPDATE {LINES} SET previous_hash = 'x' WHERE sequence = 2", [(2, UNLINKED), (2, CHANGED)]),
        (f"DELETE FROM {LINES} WHERE sequence = 2", [(2, "line is missing")]),
        (f"DELETE FROM {LINES} WHERE sequence = 3", [(3, "the end of the chain was cut off")]),
        (f"DELETE FROM {LINES}", [(1, "the end of the chain was cut off")]),
        (f"DELETE FROM {HEADS}", [(3, "the head of the chain is missing")]),
        (f"UPDATE {HEADS} SET sequence = 2", [(3, "does not end where the head of the chain says")]),
    ],
)
def test_verify_names_the_broken_place(sql, faults):
    write(3)

    tamper(sql)

    assert list(audit.verify()) == [Fault(7, place, what) for place, what in faults]


def test_a_line_slipped_in_with_a_hash_of_its_own_is_found():
    write(2)
    forged = AuditEvent(
        practice_id=7, at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), action="thing:done", actor_kind="staff",
        actor_id="olivia", sequence=3, previous_hash=AuditEvent.objects.get(sequence=2).hash,
    )  # fmt: skip
    forged.hash = audit.digest(forged)
    forged.save()

    assert list(audit.verify()) == [Fault(7, 3, "does not end where the head of the chain says")]


def refuses(deed) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        deed()


def test_the_database_refuses_to_delete_a_line():
    sealed, unsealed = write(1)[0], audit.record("thing:done", by=OLIVIA)

    refuses(lambda: AuditEvent.objects.filter(pk=sealed.pk).delete())
    refuses(lambda: AuditEvent.objects.filter(pk=unsealed.pk).delete())

    assert AuditEvent.objects.count() == 2


def test_the_database_refuses_to_change_a_sealed_line():
    (line,) = write(1)

    for change in ({"actor_label": "x"}, {"hash": "x"}, {"sequence": 9}, {"previous_hash": "x"}):
        refuses(lambda change=change: AuditEvent.objects.filter(pk=line.pk).update(**change))

    assert list(audit.verify()) == []


def test_the_database_refuses_to_change_what_an_unsealed_line_says():
    line = audit.record("thing:done", by=OLIVIA, number=1)

    for change in ({"actor_label": "x"}, {"facts": {"number": 2}}, {"practice_id": 8}, {"practice_id": None}):
        refuses(lambda change=change: AuditEvent.objects.filter(pk=line.pk).update(**change))
    # Not even in the very update that seals it.
    refuses(lambda: AuditEvent.objects.filter(pk=line.pk).update(sequence=1, hash="x", action="thing:undone"))

    assert audit.seal() == 1


def test_the_command_reports_and_fails_on_a_broken_chain():
    write(2)
    out, err = StringIO(), StringIO()

    call_command("audit_verify", stdout=out)
    tamper("UPDATE kernel_auditevent SET action = 'x' WHERE sequence = 2")
    with pytest.raises(CommandError, match=r"1 broken place\(s\)"):
        call_command("audit_verify", stdout=out, stderr=err)

    assert "2 audit lines, every chain holds." in out.getvalue()
    assert "practice 7 line 2: was changed after it was written" in err.getvalue()


def recompute(practice_id: int = 7) -> None:
    """Write the whole chain anew, as somebody could who has the database and our source, but not our key."""
    previous = ""
    for line in AuditEvent.objects.filter(practice_id=practice_id, sequence__isnull=False).order_by("sequence"):
        line.previous_hash = previous
        previous = line.hash = audit.digest(line)
        line.save(update_fields=["previous_hash", "hash"])
    AuditChain.objects.filter(practice_key=practice_id).update(hash=previous)


NOT_OURS = "the head of the chain was not written with our key"


def test_a_chain_written_anew_without_our_key_is_found_and_never_signed_by_us():
    write(3)
    tamper("UPDATE kernel_auditevent SET actor_label = 'Nobody' WHERE sequence = 2")
    recompute()

    assert list(audit.verify()) == [Fault(7, 3, NOT_OURS)]

    audit.record("thing:done", by=OLIVIA)
    assert audit.seal() == 1  # work goes on
    assert list(audit.verify()) == [Fault(7, 4, NOT_OURS)]


def test_an_earlier_key_still_counts_and_a_lost_one_can_be_made_good(settings):
    write(2)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key, of today"
    assert list(audit.verify()) == []

    settings.SECRET_KEY_FALLBACKS = []
    assert list(audit.verify()) == [Fault(7, 2, NOT_OURS)]
    out = StringIO()
    call_command("audit_verify", "--trust", stdout=out)

    assert out.getvalue().splitlines()[:2] == [
        "1 chain(s) signed as they stand.", "3 audit lines, every chain holds.",
    ]  # fmt: skip
    assert AuditEvent.objects.get(sequence=3).action == "audit:trust"


def test_what_was_printed_once_shows_a_ledger_that_was_cut_or_replaced(tmp_path):
    """Against who has the key as well, or sets an old head back with its old proof, only a copy elsewhere helps."""
    write(2)
    old = AuditChain.objects.get()
    write(2)
    out, err, kept = StringIO(), StringIO(), tmp_path / "heads"
    call_command("audit_verify", stdout=out)
    kept.write_text(out.getvalue())
    head = AuditChain.objects.get()
    assert out.getvalue().splitlines() == ["4 audit lines, every chain holds.", f"head 7 4 {head.hash}"]
    call_command("audit_verify", "--expect", str(kept), stdout=out)

    tamper("DELETE FROM kernel_auditevent WHERE sequence > 2")
    old.save()
    assert list(audit.verify()) == []
    with pytest.raises(CommandError, match=r"1 broken place"):
        call_command("audit_verify", "--expect", str(kept), stdout=out, stderr=err)

    assert err.getvalue() == "practice 7 line 4: was there once and is gone\n"
    write(2)
    assert list(audit.missed([audit.Anchor(7, 4, head.hash)])) == [Fault(7, 4, "is not the line that once stood there")]


@pytest.mark.parametrize("words", ["", "head x y z", "head 7", "nothing of the kind"])
def test_a_file_that_names_no_chain_is_refused(tmp_path, words):
    (tmp_path / "heads").write_text(words)

    for path in ("heads", "missing"):
        with pytest.raises(CommandError):
            call_command("audit_verify", "--expect", str(tmp_path / path))
