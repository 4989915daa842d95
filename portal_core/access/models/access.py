import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from portal_core.access.enums import AccessLevel, HelpFlow, TokenPurpose
from portal_core.kernel.ids import PublicIdField


class PortalAccessQuerySet(models.QuerySet["PortalAccess"]):
    def locked_of(self, patient_id: int) -> "PortalAccess":
        """The row of this patient, made when there is none yet, held until the transaction ends."""
        self.get_or_create(patient_id=patient_id)
        return self.select_for_update().get(patient_id=patient_id)


class PortalAccess(models.Model):
    """Whether a patient may use the portal and has done so. A patient without a row has no access."""

    patient = models.OneToOneField("directory.Patient", on_delete=models.CASCADE, related_name="+")
    level = models.CharField(max_length=12, choices=AccessLevel, default=AccessLevel.NONE)
    enabled_at = models.DateTimeField(null=True)
    enabled_by = models.CharField(max_length=120, blank=True)  # a label; who exactly stands in the ledger
    first_access_at = models.DateTimeField(null=True)  # own sign-ins only, never a proxy's or a preview
    last_access_at = models.DateTimeField(null=True)
    manual_password_until = models.DateTimeField(null=True)  # one the office typed; unused, it ends then (C4)

    objects: ClassVar[models.Manager["PortalAccess"]] = PortalAccessQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="access_level_known", condition=Q(level__in=AccessLevel.values)),
            models.CheckConstraint(
                name="access_enabled_has_time",
                condition=Q(level=AccessLevel.NONE, enabled_at=None, enabled_by="")
                | (Q(level=AccessLevel.CAN_ACCESS, enabled_at__isnull=False) & ~Q(enabled_by="")),
            ),
            models.CheckConstraint(
                name="access_first_before_last",
                condition=Q(first_access_at=None, last_access_at=None)
                | Q(first_access_at__lte=models.F("last_access_at")),
            ),
        ]

    def is_manual_password_over(self, at: dt.datetime) -> bool:
        return self.manual_password_until is not None and at >= self.manual_password_until


class AccessToken(models.Model):
    """A single-use link to set a password. Only the hash is kept; only the newest of a patient works."""

    public_id = PublicIdField()
    patient = models.ForeignKey("directory.Patient", on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=8, choices=TokenPurpose)
    hash = models.CharField(max_length=64, unique=True)
    sent_to_hash = models.CharField(max_length=64)  # an e-mail change kills the link
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    pin = models.ForeignKey("access.RegistrationPin", on_delete=models.CASCADE, null=True, related_name="+")
    used_at = models.DateTimeField(null=True)
    superseded_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="token_purpose_known", condition=Q(purpose__in=TokenPurpose.values)),
            models.CheckConstraint(name="token_used_or_superseded", condition=Q(used_at=None) | Q(superseded_at=None)),
            models.UniqueConstraint(
                fields=["patient"], name="token_one_live", condition=Q(used_at=None, superseded_at=None)
            ),
        ]


class RegistrationPin(models.Model):
    """A PIN the office hands over (PC-56): printed once, single use, seven days. Only a keyed hash is kept."""

    public_id = PublicIdField()
    patient = models.ForeignKey("directory.Patient", on_delete=models.CASCADE, related_name="+")
    hash = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=120)  # a label; who exactly stands in the ledger
    expires_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0)  # tries with other details than the patient's
    used_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="pin_used_or_voided", condition=Q(used_at=None) | Q(voided_at=None)),
            models.UniqueConstraint(fields=["patient"], name="pin_one_live", condition=Q(used_at=None, voided_at=None)),
        ]


class HelpAttempt(models.Model):
    """One use of "Create my account" or "I forgot my password": which of the four fields matched, never what was typed.

    `reply_to` holds the address typed only until the answer is on its way.
    """

    public_id = PublicIdField()
    flow = models.CharField(max_length=10, choices=HelpFlow)
    patient = models.ForeignKey("directory.Patient", on_delete=models.CASCADE, null=True, related_name="+")
    email_matched = models.BooleanField()
    last_name_matched = models.BooleanField()
    birth_date_matched = models.BooleanField()
    zip_matched = models.BooleanField()
    ambiguous = models.BooleanField(default=False)  # several people fit, e.g. twins with one mailbox
    succeeded = models.BooleanField()
    reply_to = models.EmailField(blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="attempt_flow_known", condition=Q(flow__in=HelpFlow.values)),
            models.CheckConstraint(
                name="attempt_success_is_a_full_match",
                condition=Q(succeeded=False)
                | Q(
                    patient__isnull=False, ambiguous=False, email_matched=True, last_name_matched=True,
                    birth_date_matched=True, zip_matched=True,
                ),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["patient", "-at"], name="attempt_of_patient")]

    @property
    def full(self) -> bool:
        """All four details are this patient's, whether it brought them anything or not."""
        return self.email_matched and self.last_name_matched and self.birth_date_matched and self.zip_matched
