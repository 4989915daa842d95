"""The gate before every action on an account: no live attestation of the patient's own office, no action.

The support desk registers the consumer (`register`). Until it does, and in a house without it, everything is refused.
"""

from typing import Protocol

from portal_core.access.errors import AttestationRequired
from portal_core.kernel.contracts import Actor


class Consumer(Protocol):
    """Marks the attestation used, in the caller's transaction. Raises AttestationRequired (or a subclass) when it is
    not this patient's, not for this action, expired or already used."""

    def __call__(self, attestation_id: str, *, patient_id: str, action: str, by: Actor) -> None: ...


def _refuse(attestation_id: str, *, patient_id: str, action: str, by: Actor) -> None:
    raise AttestationRequired


_consumer: Consumer = _refuse


def register(consumer: Consumer) -> None:
    """Put the one consumer in place; called once, by the support desk's app at start."""
    global _consumer
    _consumer = consumer


def consume(attestation_id: str, *, patient_id: str, action: str, by: Actor) -> None:
    """`patient_id` is the public id; `action` e.g. "send_reset_link". Raises AttestationRequired."""
    if not attestation_id:
        raise AttestationRequired
    _consumer(attestation_id, patient_id=patient_id, action=action, by=by)
