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

    monkeypatch.setattr(gate, "_consumer", consume)
    return used


@pytest.fixture
def open_gate(monkeypatch):
    """The support desk says yes; what it asks for is its own tests' business. Lists what was used up."""
    used: list[tuple[str, str]] = []
    monkeypatch.setattr(
        gate, "_consumer", lambda attestation_id, **facts: used.append((attestation_id, facts["action"]))
    )
    return used
