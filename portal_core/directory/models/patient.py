from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import get_language_info

from portal_core.directory.enums import Permission
from portal_core.directory.models.practice import Office, Practice
from portal_core.directory.models.staff import Staff
from portal_core.directory.rules.contact import sendable_phone, shown_phone
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.ids import PublicIdField


class PatientQuerySet(models.QuerySet["Patient"]):
    def seen_by(self, staff: Staff) -> "PatientQuerySet":
        """Patients whose home office this person works in; none at all for IT (TR-01)."""
        offices = staff.offices_for(Permission.PATIENT_READ)
        mine = self.filter(practice_id=staff.practice_id)
        return mine if offices is None else mine.filter(home_office_id__in=offices)


class Patient(models.Model):
    """A person in care (FHIR Patient, PC-75)."""

    public_id = PublicIdField()
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="patients")
    home_office = models.ForeignKey(Office, on_delete=models.PROTECT, related_name="patients")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="patient")
    primary_clinician = models.ForeignKey(Staff, on_delete=models.SET_NULL, null=True, related_name="+")
    mrn = models.CharField(max_length=64)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    preferred_name = models.CharField(max_length=80, blank=True)
    birth_date = models.DateField(null=True)
    email = models.EmailField(blank=True)
    email_since = models.DateTimeField(null=True)  # age of the contact: the identity checklist asks for it
    phone = models.CharField(max_length=32, blank=True)
    phone_since = models.DateTimeField(null=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=40, blank=True)
    zip = models.CharField(max_length=16, blank=True)
    language = models.CharField(max_length=16, blank=True)
    deceased = models.BooleanField(default=False)
    fhir_id = models.CharField(max_length=64, blank=True)

    # Who sits at the screen, where that is not the patient: set by the people middleware, so that no deed of a proxy
    # stands in the ledger as the patient's own.
    acted_by: Actor | None = None

    objects = PatientQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "mrn"], name="patient_one_per_mrn"),
            models.UniqueConstraint(
                fields=["practice", "fhir_id"], name="patient_one_per_fhir_id", condition=~Q(fhir_id="")
            ),
        ]
        indexes = [
            models.Index(fields=["practice", "last_name", "first_name"], name="patient_list"),
            models.Index(fields=["home_office", "last_name", "first_name"], name="patient_by_office"),
            models.Index(Lower("email"), "practice", name="patient_by_email"),
            models.Index(fields=["practice", "birth_date"], name="patient_by_birth_date"),
        ]

    @property
    def name(self) -> str:
        return f"{self.preferred_name or self.first_name} {self.last_name}".strip()

    @property
    def phone_shown(self) -> str:
        return shown_phone(self.phone)

    @property
    def sms_number(self) -> str:
        """Where a text reaches them; "" for a number that takes none."""
        return sendable_phone(self.phone)

    @property
    def language_shown(self) -> str:
        """The language's name; the code itself for one that Django does not know."""
        try:
            return str(get_language_info(self.language)["name_translated"]) if self.language else ""
        except KeyError:
            return self.language

    @property
    def initials(self) -> str:
        """What IT sees instead of a name."""
        return f"{self.first_name[:1]}. {self.last_name[:1]}.".upper()

    @property
    def actor(self) -> Actor:
        if self.acted_by is not None:
            return self.acted_by
        return Actor(kind=ActorKind.PATIENT, id=self.public_id, label=self.name, practice_id=self.practice_id)
