import hashlib

import factory
from django.utils import timezone

from portal_core.access.enums import AccessLevel
from portal_core.access.models import AccessToken, PortalAccess, Registration


class PortalAccessFactory(factory.django.DjangoModelFactory):
    """A patient who may use the portal; `patient` must be given."""

    class Meta:
        model = PortalAccess
        django_get_or_create = ("patient",)

    level = AccessLevel.CAN_ACCESS
    enabled_at = factory.LazyAttribute(lambda row: timezone.now() if row.level == AccessLevel.CAN_ACCESS else None)
    enabled_by = factory.LazyAttribute(lambda row: "Olivia Staff" if row.level == AccessLevel.CAN_ACCESS else "")
    first_access_at = None
    last_access_at = factory.SelfAttribute("first_access_at")


class AccessTokenFactory(factory.django.DjangoModelFactory):
    """A link whose secret is `secret`."""

    class Meta:
        model = AccessToken
        exclude = ("secret",)

    secret = factory.Sequence(lambda n: f"secret-{n}")
    purpose = "reset"
    hash = factory.LazyAttribute(lambda row: hashlib.sha256(row.secret.encode()).hexdigest())
    sent_to_hash = factory.LazyAttribute(lambda row: hashlib.sha256(row.patient.email.encode()).hexdigest())
    created_at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda row: row.created_at + timezone.timedelta(hours=4))


class RegistrationFactory(factory.django.DjangoModelFactory):
    """Somebody who registered and has yet to confirm; `office` and `patient` must be given."""

    class Meta:
        model = Registration

    at = factory.LazyFunction(timezone.now)
    expires_at = factory.LazyAttribute(lambda row: row.at + timezone.timedelta(hours=48))
    hash = factory.Sequence(lambda n: hashlib.sha256(f"registration-{n}".encode()).hexdigest())


def set_access(patient, **values):
    """Put the patient's access row into this shape, whatever stood there."""
    PortalAccess.objects.filter(patient=patient).delete()
    return PortalAccessFactory(patient=patient, **values)


def refresh(row):
    return type(row).objects.get(pk=row.pk)
