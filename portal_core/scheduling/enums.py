import enum

from django.db import models
from django.utils.translation import gettext_lazy as _


class AppointmentType(models.TextChoices):
    """Kinds of entries in a calendar (PC-64)."""

    INTAKE = "intake", _("Intake")
    INDIVIDUAL = "individual", _("Individual Therapy")
    GROUP = "group", _("Group Therapy")
    FOLLOW_UP = "follow_up", _("Follow-up")
    CONSULTATION = "consultation", _("Consultation")
    EVENT = "event", _("Scheduled Event")
    BLACKOUT = "blackout", _("Vacation or Blackout Period")

    with_client = enum.nonmember(("intake", "individual", "follow_up", "consultation"))
    without_client = enum.nonmember(("event", "blackout"))


class AppointmentStatus(models.TextChoices):
    """FHIR R4 codes in the database, the practice's own words on the screen (C10)."""

    BOOKED = "booked", _("Booked")
    ARRIVED = "arrived", _("Arrived")
    FULFILLED = "fulfilled", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    NOSHOW = "noshow", _("Missed")

    open = enum.nonmember(("booked", "arrived"))
    void = enum.nonmember(("cancelled", "noshow"))


MOVES: dict[AppointmentStatus, tuple[AppointmentStatus, ...]] = {
    AppointmentStatus.BOOKED: (
        AppointmentStatus.ARRIVED,
        AppointmentStatus.FULFILLED,
        AppointmentStatus.CANCELLED,
        AppointmentStatus.NOSHOW,
    ),
    AppointmentStatus.ARRIVED: (AppointmentStatus.FULFILLED, AppointmentStatus.CANCELLED),
    AppointmentStatus.FULFILLED: (),
    # Both can be a slip of the mouse; restoring them is a deed of its own in the ledger.
    AppointmentStatus.CANCELLED: (AppointmentStatus.BOOKED,),
    AppointmentStatus.NOSHOW: (AppointmentStatus.BOOKED,),
}

TONES: dict[AppointmentStatus, str] = {
    AppointmentStatus.BOOKED: "info",
    AppointmentStatus.ARRIVED: "ok",
    AppointmentStatus.FULFILLED: "neutral",
    AppointmentStatus.CANCELLED: "neutral",
    AppointmentStatus.NOSHOW: "warning",
}
VERBS: dict[AppointmentStatus, tuple[str, ...]] = {
    AppointmentStatus.BOOKED: ("appointment:book", "appointment:restore"),
    AppointmentStatus.ARRIVED: ("appointment:mark_arrived",),
    AppointmentStatus.FULFILLED: ("appointment:mark_done",),
    AppointmentStatus.CANCELLED: ("appointment:cancel",),
    AppointmentStatus.NOSHOW: ("appointment:mark_missed",),
}
