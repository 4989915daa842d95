from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from portal_core.kernel.enums import Realm
from portal_core.kernel.ids import PublicIdField


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None, *, realm: Realm, **fields: Any) -> "User":
        user = self.model(username=normalise_username(username), realm=realm, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username=normalise_username(username or ""))


def normalise_username(username: str) -> str:
    """Usernames are one per person whatever the case: `Pat` and `pat` are the same."""
    return AbstractBaseUser.normalize_username(username).strip().lower()


class User(AbstractBaseUser):
    """A sign-in, in one realm only. Who the person is stands on Staff or Patient; so does the e-mail address."""

    public_id = PublicIdField()
    username = models.CharField(max_length=150, unique=True)
    realm = models.CharField(max_length=16, choices=[(Realm.STAFF, "Staff"), (Realm.PATIENT, "Patient")])
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    session_epoch = models.PositiveIntegerField(default=0)  # part of the session hash: counting it up ends them all
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.CheckConstraint(name="user_realm_known", condition=Q(realm__in=["staff", "patient"])),
        ]

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        return salted_hmac(
            "portal_core.accounts.User", f"{self.password}:{self.session_epoch}", secret=secret, algorithm="sha256"
        ).hexdigest()


class SignInThrottle(models.Model):
    """Failures in a row for one account or one address (`key` is a keyed hash; neither stands here)."""

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True)
    last_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["last_at"], name="throttle_stale")]


class Authenticator(models.Model):
    """A second step: an app that shows a code of six digits every 30 seconds (RFC 6238). Works once confirmed."""

    public_id = PublicIdField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="authenticators")
    name = models.CharField(max_length=60)
    secret_sealed = models.TextField()
    created_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)  # the newest 30-second step used: a code works once

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], name="authenticator_one_unconfirmed", condition=Q(confirmed_at=None)
            ),
        ]


class RecoveryCode(models.Model):
    """One of ten codes for the day the phone is lost; only a hash is kept."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SignInRecord(models.Model):
    """A sign-in or a refused try, for the person themselves to look at. Addresses come here shortened."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sign_ins")
    at = models.DateTimeField()
    good = models.BooleanField()
    address = models.CharField(max_length=45)  # "203.0.113.x"
    agent = models.CharField(max_length=60)  # "Chrome on Windows"

    class Meta:
        indexes = [models.Index(fields=["user", "-at"], name="sign_in_newest")]


class ApiToken(models.Model):
    """What a program shows to act for a person at `/api/v1/`; only a hash is kept. It ends with "sign out everywhere",
    a new password, or its time."""

    public_id = PublicIdField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    hash = models.CharField(max_length=64, unique=True)
    hat = models.CharField(max_length=12, blank=True)  # the hat worn when it was made
    session_hash = models.CharField(max_length=64)  # changes with the password and with "sign out everywhere"
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="api_token_expires_later", condition=Q(expires_at__gt=models.F("created_at")))
        ]
