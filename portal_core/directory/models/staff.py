from functools import cached_property

from django.conf import settings
from django.db import models
from django.db.models import Q

from portal_core.directory.enums import IT_ROLES, ROLE_PERMISSIONS, Hat, Permission, Role
from portal_core.directory.models.practice import Office, Practice
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.ids import PublicIdField


class Staff(models.Model):
    """Someone who works for a practice (FHIR Practitioner). What they may do stands in their role assignments."""

    public_id = PublicIdField()
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="staff")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="staff")
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=32, blank=True)
    npi = models.CharField(max_length=20, blank=True)
    fhir_id = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    waiting_room_enabled = models.BooleanField(default=False)  # TH-27: off unless switched on (TH-28)
    room_slug = PublicIdField()  # the stable room of TH-32
    # Of the newest link by which this person chooses a user name and a password; empty when none is open.
    link_hash = models.CharField(max_length=64, blank=True)
    link_expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "fhir_id"], name="staff_one_per_fhir_id", condition=~Q(fhir_id="")
            ),
            models.UniqueConstraint(fields=["link_hash"], name="staff_link_once", condition=~Q(link_hash="")),
            models.CheckConstraint(
                name="staff_link_ends",
                condition=Q(link_hash="", link_expires_at=None) | (~Q(link_hash="") & Q(link_expires_at__isnull=False)),
            ),
        ]
        indexes = [models.Index(fields=["practice", "last_name", "first_name"], name="staff_list")]

    # The side worked on in this session; set by the people middleware from what was chosen at sign-in.
    hat: str = ""

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    @cached_property
    def assignments(self) -> list["RoleAssignment"]:
        """Active assignments within the hat worn; one query, kept for the request."""
        return [row for row in self.role_assignments.all() if row.hat == (self.hat or row.hat)]

    @property
    def hats(self) -> set[str]:
        """The sides this person could work on."""
        return {row.hat for row in self.role_assignments.all()}

    def may(self, permission: Permission, *, office_id: int | None = None) -> bool:
        """Whether this person may do that (in that office, where one is named); a practice-wide role covers all."""
        return any(
            permission in ROLE_PERMISSIONS[Role(row.role)]
            and (office_id is None or row.office_id is None or row.office_id == office_id)
            for row in self.assignments
        )

    def offices_for(self, permission: Permission) -> list[int] | None:
        """Office ids in which this person holds the permission; None means all offices of the practice."""
        rows = [row for row in self.assignments if permission in ROLE_PERMISSIONS[Role(row.role)]]
        if any(row.office_id is None for row in rows):
            return None
        return sorted({row.office_id for row in rows if row.office_id is not None})

    @property
    def has_telehealth(self) -> bool:
        """Therapist → Teletherapy (TH-01)."""
        return any(row.teletherapy for row in self.role_assignments.all())

    @property
    def actor(self) -> Actor:
        return Actor(
            kind=ActorKind.STAFF, id=self.public_id, label=self.name, practice_id=self.practice_id, hat=self.hat
        )


class RoleAssignment(models.Model):
    """One role of one person, in one office or (office empty) in the whole practice (FHIR PractitionerRole)."""

    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="role_assignments")
    role = models.CharField(max_length=20, choices=Role)
    office = models.ForeignKey(Office, on_delete=models.PROTECT, null=True, related_name="+")
    teletherapy = models.BooleanField(default=False)
    supervisor = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    fhir_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "role", "office"], name="role_once_per_office", condition=Q(office__isnull=False)
            ),
            models.UniqueConstraint(fields=["staff", "role"], name="role_once", condition=Q(office=None)),
            models.CheckConstraint(
                name="role_teletherapy_for_clinicians",
                condition=Q(teletherapy=False) | Q(role__in=[Role.CLINICIAN, Role.INTERN]),
            ),
            # IT is never bound to an office: an office-bound IT role would put it beside patients (TR-01).
            models.CheckConstraint(
                name="role_it_without_office",
                condition=~Q(role__in=sorted(IT_ROLES)) | Q(office=None),
            ),
        ]
        indexes = [models.Index(fields=["office", "role"], name="role_by_office")]

    @property
    def hat(self) -> str:
        return Hat.IT if Role(self.role) in IT_ROLES else Hat.PRACTICE
