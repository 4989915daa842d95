from triage.models.escalation import Escalation
from triage.models.verification import Attestation, PlaybookStep, VerificationAttempt, VerificationHold

__all__ = ["Attestation", "Escalation", "PlaybookStep", "VerificationAttempt", "VerificationHold"]
