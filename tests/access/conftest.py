import datetime as dt
from dataclasses import dataclass, field

import pytest

from portal_core.access import gate
from portal_core.access.errors import AttestationRequired
from portal_core.kernel.models import AuditEvent
from tests.access.factories import set_access


@pytest.fixture
def deeds():
    """The actions of this app on the ledger, oldest first."""
    return lambda: list(
        AuditEvent.objects.filter(action__startswith="access:").order_by("id").values_list("action", flat=True)
    )


@pytest.fixture
def enabled(cast):
    """Pat and Paula may use the portal; neither has done so yet."""
    set_access(cast.pat)
    set_access(cast.paula)
    return cast


@pytest.fixture
def attested(cast, monkeypatch):
    """A gate with one attestation, "att-1", of Pat for a reset link, usable once. As in the support desk, a refusal
    names nothing."""
    used: list[str] = []

    def consume(attestation_id, *, patient_id, action, by):
        known = (attestation_id, patient_id, action) == ("att-1", cast.pat.public_id, "send_reset_link")
        if not known or attestation_id in used:
            raise AttestationRequired
        used.append(attestation_id)
        return False

    monkeypatch.setattr(gate, "_consumer", consume)
    return used


@dataclass
class Check:
    """What the support desk would say: one proof, "att-1", for whatever is asked, while `passed`."""

    passed: bool = True
    in_person: bool = False
    used: list[tuple[str, str]] = field(default_factory=list)

    def consume(self, attestation_id: str, *, patient_id: str, action: str, by: object) -> bool:
        if not self.passed or attestation_id != "att-1":
            raise AttestationRequired
        self.used.append((attestation_id, action))
        return self.in_person

    def find(
        self, *, patient_id: str, action: str, staff: object, attestation_id: str = ""
    ) -> gate.Proof | None:  # fmt: skip
        return PROOF if self.passed and attestation_id in ("", PROOF.attestation_id) else None


PROOF = gate.Proof(
    attestation_id="att-1", level="r3", methods=("Photo ID seen",), in_person=True, attested_by="Olivia Staff",
    attested_at=dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC),
    expires_at=dt.datetime(2026, 3, 2, 12, 15, tzinfo=dt.UTC),
)  # fmt: skip


@pytest.fixture
def check(monkeypatch):
    """The support desk verified them on the phone; what it asks for is its own tests' business."""
    found = Check()
    monkeypatch.setattr(gate, "_consumer", found.consume)
    monkeypatch.setattr(gate, "_finder", found.find)
    return found


@pytest.fixture
def in_person(check):
    """The same, with the patient in the office and a photo ID."""
    check.in_person = True
    return check


@pytest.fixture
def open_gate(check):
    """What was used up, as (attestation, action)."""
    return check.used
