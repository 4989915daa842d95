from django.conf import settings
from django.db import models
from django.db.models import Q

from portal_core.access.enums import CheckMethod, Relationship
from portal_core.kernel.ids import PublicIdField


class ProxyPerson(models.Model):
    """Somebody with a sign-in of their own who acts for patients; never a patient's own account lent out."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=120)
    email = models.EmailField()  # in lower case
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice", "email"], name="proxy_one_per_address")]


class ProxyGrant(models.Model):
    """What one person may do for one patient, from when to when. It ends by itself; nothing makes it longer."""

    public_id = PublicIdField()
    person = models.ForeignKey(ProxyPerson, on_delete=models.CASCADE, related_name="grants")
    patient = models.ForeignKey("directory.Patient", on_delete=models.CASCADE, related_name="+")
    relationship = models.CharField(max_length=12, choices=Relationship)
    scopes = models.JSONField(default=list)  # values of ProxyScope
    starts_on = models.DateField()
    ends_on = models.DateField()  # the last day, in the office's time zone
    method = models.CharField(max_length=12, choices=CheckMethod)
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=120)  # a label; who exactly stands in the ledger
    link_hash = models.CharField(max_length=64, blank=True)  # of the invitation to choose a user name and password
    link_expires_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="proxy_relationship_known", condition=Q(relationship__in=Relationship.values)),
            models.CheckConstraint(name="proxy_ends_after_it_starts", condition=Q(ends_on__gte=models.F("starts_on"))),
            models.CheckConstraint(
                name="proxy_ended_at_and_by",
                condition=Q(ended_at=None, ended_by="") | (Q(ended_at__isnull=False) & ~Q(ended_by="")),
            ),
            models.UniqueConstraint(
                fields=["person", "patient"], name="proxy_one_open_grant", condition=Q(ended_at=None)
            ),
            models.UniqueConstraint(fields=["link_hash"], name="proxy_link_once", condition=~Q(link_hash="")),
        ]
        indexes = [models.Index(fields=["patient", "-granted_at"], name="proxy_of_patient")]
