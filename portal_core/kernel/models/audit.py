from django.db import models
from django.db.models import Q


class AuditEvent(models.Model):
    """One line of the ledger: who did what to which record, in which hat. Rows are written once; the database refuses
    updates (but for the one that seals a line into its practice's chain) and deletes.

    No foreign keys: a line outlives everything it speaks of.
    """

    practice_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    action = models.CharField(max_length=80)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=40)
    actor_label = models.CharField(max_length=120, blank=True)
    actor_hat = models.CharField(max_length=32, blank=True)
    target_type = models.CharField(max_length=60, blank=True)
    target_id = models.CharField(max_length=40, blank=True)
    request_id = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict)
    sequence = models.BigIntegerField(null=True)  # place in the practice's chain; null until sealed
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice_id", "sequence"],
                name="audit_one_line_per_place",
                nulls_distinct=False,
                condition=Q(sequence__isnull=False),
            ),
            models.CheckConstraint(
                name="audit_sealed_whole",
                condition=Q(sequence=None, hash="") | (Q(sequence__isnull=False) & ~Q(hash="")),
            ),
        ]
        indexes = [
            models.Index(fields=["practice_id", "-at"], name="audit_by_practice"),
            models.Index(fields=["target_type", "target_id", "-at"], name="audit_by_target"),
            models.Index(fields=["id"], name="audit_unsealed", condition=Q(sequence=None)),
        ]


class AuditChain(models.Model):
    """Head of one practice's chain; its row lock is what makes sealing serial. `practice_key` is 0 for no practice."""

    practice_key = models.BigIntegerField(primary_key=True)
    sequence = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
    # Keyed digest of the head: whoever has the database alone can compute a chain anew, but not this.
    proof = models.CharField(max_length=64, blank=True, default="")
