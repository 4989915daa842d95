from portal_core.kernel.models.audit import AuditChain, AuditEvent
from portal_core.kernel.models.idempotency import IdempotencyKey
from portal_core.kernel.models.outbox import OutboxMessage

__all__ = ["AuditChain", "AuditEvent", "IdempotencyKey", "OutboxMessage"]
