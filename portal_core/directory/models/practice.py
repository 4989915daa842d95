from django.db import models
from django.db.models import F, Q

from portal_core.directory.enums import PatientSupportMode
from portal_core.directory.rules.ages import LIMITED_FROM, OLDEST, OWN_FROM, YOUNGEST
from portal_core.directory.rules.contact import shown_phone
from portal_core.kernel.ids import PublicIdField


class Practice(models.Model):
    """A group of offices under one roof (FHIR Organization)."""

    public_id = PublicIdField()
    name = models.CharField(max_length=160)
    slug = models.SlugField(max_length=60, unique=True)
    time_zone = models.CharField(max_length=64, default="America/New_York")
    fhir_id = models.CharField(max_length=64, blank=True)
    telehealth_enabled = models.BooleanField(default=False)  # TH-02, the practice's own switch (C2)
    allow_group_telehealth = models.BooleanField(default=False)  # C1
    staff_second_step = models.BooleanField(default=False)  # everybody who works here needs a second step to sign in
    self_registration = models.BooleanField(default=False)  # new patients may register on the website (PC-36)
    went_live_on = models.DateField(null=True)  # when patients were let in: reports count from here
    patient_support_mode = models.CharField(
        max_length=20, choices=PatientSupportMode, default=PatientSupportMode.OFFICE_ONLY
    )
    # Birthdays of a minor, in years: from the first on parents and guardians see less, from the second nothing.
    proxy_limited_from = models.PositiveSmallIntegerField(default=LIMITED_FROM)
    proxy_own_from = models.PositiveSmallIntegerField(default=OWN_FROM)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="practice_proxy_ages_in_order",
                condition=Q(
                    proxy_limited_from__lte=F("proxy_own_from"), proxy_own_from__gte=YOUNGEST,
                    proxy_own_from__lte=OLDEST,
                ),
            )
        ]  # fmt: skip


class Office(models.Model):
    """One place of care (FHIR Location)."""

    public_id = PublicIdField()
    practice = models.ForeignKey(Practice, on_delete=models.PROTECT, related_name="offices")
    name = models.CharField(max_length=160)
    phone = models.CharField(max_length=32, blank=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=40, blank=True)
    zip = models.CharField(max_length=16, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)  # blank: the practice's
    is_main = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    fhir_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["practice", "fhir_id"], name="office_one_per_fhir_id", condition=~Q(fhir_id="")
            ),
            models.UniqueConstraint(fields=["practice"], name="office_one_main", condition=Q(is_main=True)),
        ]
        indexes = [models.Index(fields=["practice", "name"], name="office_list")]

    @property
    def phone_shown(self) -> str:
        return shown_phone(self.phone)

    @property
    def zone(self) -> str:
        """IANA time zone of this office."""
        return self.time_zone or self.practice.time_zone
