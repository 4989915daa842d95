"""Factories of the ground floor's people and places. The same few people of every story are in `tests/cast.py`."""

import factory

from portal_core.accounts.models import SignInThrottle, User
from portal_core.directory.enums import Role
from portal_core.directory.models import Office, Patient, Practice, RoleAssignment, Staff
from portal_core.kernel import clock
from portal_core.kernel.enums import Realm
from tests.cast import hashed


class PracticeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Practice

    name = factory.Sequence("Practice {}".format)
    slug = factory.Sequence("practice-{}".format)


class OfficeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Office

    practice = factory.SubFactory(PracticeFactory)
    name = factory.Sequence("Office {}".format)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    username = factory.Sequence("user{}".format)
    realm = Realm.STAFF
    password = factory.LazyFunction(hashed)


class StaffFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Staff

    practice = factory.SubFactory(PracticeFactory)
    user = factory.SubFactory(UserFactory)
    first_name = factory.Sequence("First{}".format)
    last_name = factory.Sequence("Last{}".format)


class RoleAssignmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RoleAssignment

    staff = factory.SubFactory(StaffFactory)
    role = Role.CLINICIAN


class PatientFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Patient

    practice = factory.SelfAttribute("home_office.practice")
    home_office = factory.SubFactory(OfficeFactory)
    mrn = factory.Sequence("M{}".format)
    first_name = factory.Sequence("First{}".format)
    last_name = factory.Sequence("Last{:05d}".format)
    birth_date = factory.Faker("date_of_birth")


class SignInThrottleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SignInThrottle

    key = factory.Sequence("{:064d}".format)
    last_at = factory.LazyFunction(clock.now)


def office_member(office: Office, role: Role = Role.OFFICE_STAFF) -> Staff:
    """Somebody who works at this office."""
    return RoleAssignmentFactory(staff__practice=office.practice, office=office, role=role).staff
