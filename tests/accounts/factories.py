import datetime as dt

import factory

from portal_core.accounts.models import ApiToken, Authenticator, RecoveryCode, SignInRecord
from portal_core.kernel import clock
from tests.factories import UserFactory


class AuthenticatorFactory(factory.django.DjangoModelFactory):
    """An app that is yet to be confirmed."""

    class Meta:
        model = Authenticator

    user = factory.SubFactory(UserFactory)
    name = "My phone"
    secret_sealed = "sealed"
    created_at = factory.LazyFunction(clock.now)


class RecoveryCodeFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RecoveryCode

    user = factory.SubFactory(UserFactory)
    hash = factory.Sequence("{:064x}".format)
    created_at = factory.LazyFunction(clock.now)


class SignInRecordFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SignInRecord

    user = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)
    good = True
    address = "192.0.2.1"
    agent = "Firefox on Linux"


class ApiTokenFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ApiToken

    user = factory.SubFactory(UserFactory)
    name = "My script"
    hash = factory.Sequence("{:064x}".format)
    session_hash = factory.LazyAttribute(lambda row: row.user.get_session_auth_hash())
    created_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyAttribute(lambda row: row.created_at + dt.timedelta(days=90))
