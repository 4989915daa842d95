import enum

from django.db import models
from django.utils.translation import gettext_lazy as _


class VisitState(models.TextChoices):
    """SCHEDULED: nobody of the practice has opened it. OPEN: opened, one of the two is missing. LIVE: both are in."""

    SCHEDULED = "scheduled", _("Not started")
    OPEN = "open", _("Open")
    LIVE = "live", _("In session")
    ENDED = "ended", _("Ended")

    running = enum.nonmember(("open", "live"))


MOVES: dict[VisitState, tuple[VisitState, ...]] = {
    VisitState.SCHEDULED: (VisitState.OPEN,),
    VisitState.OPEN: (VisitState.LIVE, VisitState.ENDED),
    VisitState.LIVE: (VisitState.ENDED,),
    VisitState.ENDED: (VisitState.OPEN,),  # the first of two rejoins (TH-16, TH-17)
}

TONES: dict[VisitState, str] = {
    VisitState.SCHEDULED: "neutral",
    VisitState.OPEN: "info",
    VisitState.LIVE: "ok",
    VisitState.ENDED: "neutral",
}
VERBS: dict[VisitState, tuple[str, ...]] = {
    VisitState.SCHEDULED: ("visit:prepare",),
    VisitState.OPEN: ("visit:start", "visit:rejoin"),
    VisitState.LIVE: ("visit:join",),
    VisitState.ENDED: ("visit:end",),
}


class Role(models.TextChoices):
    """The two sides of a session."""

    PROVIDER = "provider", _("Provider")
    CLIENT = "client", _("Patient")

    @property
    def other(self) -> "Role":
        return Role.CLIENT if self is Role.PROVIDER else Role.PROVIDER


class VisitEventKind(models.TextChoices):
    """What the visit's own timeline keeps: who was there when, never what was said."""

    STARTED = "started", _("Started")
    JOINED = "joined", _("Joined")
    LEFT = "left", _("Connection lost")
    ENDED = "ended", _("Ended")
    REJOINED = "rejoined", _("Rejoined")
