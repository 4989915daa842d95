from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccessLevel(models.TextChoices):
    """The toggle "Patient's Access Level" (PC-34)."""

    NONE = "none", _("No Access to Portal")
    CAN_ACCESS = "can_access", _("Patient Can Access Portal")


class PortalState(models.TextChoices):
    """PC-25 to PC-27."""

    INACTIVE = "inactive", _("Inactive")
    UNACTIVATED = "unactivated", _("Unactivated")
    ACTIVE = "active", _("Active")


class Reason(models.TextChoices):
    """Why a portal account is INACTIVE (PC-25); the label is what to do about it (PC-29)."""

    NOT_ENABLED = "not_enabled", _("Portal access is not enabled")
    NO_EMAIL = "no_email", _("No e-mail address on file")
    NO_ZIP = "no_zip", _("No zip code on file")


class TokenPurpose(models.TextChoices):
    """One e-mail serves both (PC-46); the words in it differ."""

    INVITE = "invite", _("Invitation")
    RESET = "reset", _("Password reset")
    PIN = "pin", _("Registration PIN")


class HelpFlow(models.TextChoices):
    """Which of the doors on the sign-in page somebody used (PC-43)."""

    ACTIVATE = "activate", _("Create my account")
    FORGOT = "forgot", _("Forgot my password")
    USERNAME = "username", _("Forgot my user name")


class CheckMethod(models.TextChoices):
    """How the office made sure who asks before it changes what an account hangs on (PC-42)."""

    IN_PERSON = "in_person", _("In the office, with a photo ID")
    CHECKED = "checked", _("By an identity check")
    IMPORTED = "imported", _("Not by us: it came from the records system")


class InviteOutcome(models.TextChoices):
    """What became of one patient of a bulk invitation; the label says what to do."""

    PENDING = "pending", _("Not yet")
    SENT = "sent", _("Invitation on its way")
    RECENT = "recent", _("Was invited within the last day; not sent again")
    ACTIVE = "active", _("Uses the portal already")
    NOT_ENABLED = "not_enabled", _("Access is not enabled: click the red rectangle first")
    NO_EMAIL = "no_email", _("No e-mail on file: ask the patient for one, or set a password by hand")
    NO_ZIP = "no_zip", _("No zip code on file: put it in")
    ON_HOLD = "on_hold", _("The e-mail address was changed less than a day ago: wait for the hold to end")
    DECEASED = "deceased", _("On file as deceased: nothing was sent")
    FAILED = "failed", _("Something went wrong on our side: invite this patient again later")
    GONE = "gone", _("No longer a patient of your offices")

    fine = nonmember(("pending", "sent", "recent", "active"))  # nobody has to do anything


class Relationship(models.TextChoices):
    """Who a proxy is to the patient. The first two end when the patient comes of age."""

    PARENT = "parent", _("Parent")
    GUARDIAN = "guardian", _("Legal guardian of a minor")
    SPOUSE = "spouse", _("Spouse or partner")
    CHILD = "child", _("Adult child")
    CAREGIVER = "caregiver", _("Caregiver")
    ATTORNEY = "attorney", _("Holds a power of attorney")

    of_minors = nonmember(("parent", "guardian"))


class ProxyScope(models.TextChoices):
    """What a proxy may do; what is not named here is closed to them."""

    SCHEDULE = "schedule", _("See appointments")
    TELEHEALTH = "telehealth", _("Join video visits")
    FILES = "files", _("Open files from the office")
