"""The phone: a practice's line, where it rings, and every call, written down by hand or seen by the line."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q

from helpdesk.enums import (
    CALL_MOVES,
    CallDirection,
    CallOutcome,
    CallState,
    RecordingState,
    RequesterKind,
    Side,
    TranscriptState,
)
from helpdesk.errors import WrongMove
from portal_core.kernel.ids import PublicIdField


class VoiceLine(models.Model):
    """The number a practice's patients and providers call (HD-10). Calls to it reach us as webhooks."""

    practice = models.OneToOneField("directory.Practice", on_delete=models.CASCADE, related_name="+")
    number = models.CharField(max_length=16, unique=True)  # E.164
    transcribe = models.BooleanField(default=False)  # whether the provider may write messages down
    updated_at = models.DateTimeField()


class DeskPhone(models.Model):
    """Where the line rings for a place: an office, or (office empty) IT. A place without a row takes messages only."""

    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.CASCADE, null=True, related_name="+")
    number = models.CharField(max_length=16)  # E.164
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office"], name="desk_phone_one_per_office", condition=Q(office__isnull=False)
            ),
            models.UniqueConstraint(fields=["practice"], name="desk_phone_one_of_it", condition=Q(office=None)),
        ]


class PhoneCallQuerySet(models.QuerySet["PhoneCall"]):
    def locked(self, pk: int) -> "PhoneCall":
        """The row as it is now, held until the transaction ends."""
        rows = self.select_related("practice", "office__practice").select_for_update(of=("self",))
        return rows.get(pk=pk)


class PhoneCall(models.Model):
    """One phone call. `sid` is the provider's id of a call that came over the line; empty for one written down."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, null=True, related_name="+")
    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.CASCADE, null=True, related_name="calls")
    staff = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    side = models.CharField(max_length=8, choices=Side, blank=True)  # which desk it is for, or which desk spoke
    direction = models.CharField(max_length=4, choices=CallDirection)
    state = models.CharField(max_length=10, choices=CallState)
    outcome = models.CharField(max_length=14, choices=CallOutcome, blank=True)
    requester_kind = models.CharField(max_length=10, choices=RequesterKind, blank=True)  # what was pressed in the menu
    phone = models.CharField(max_length=32, blank=True)  # the other side's number, as far as known; proves nothing
    language = models.CharField(max_length=8, default="en")
    red_flags = models.JSONField(default=list)  # codes of what made the one on the phone suspicious
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    seconds = models.PositiveIntegerField(null=True)  # spoken with a person (HD-13)

    sid = models.CharField(max_length=40, unique=True, null=True)  # noqa: DJ001 - many have none
    recording_sid = models.CharField(max_length=40, blank=True)
    recording_seconds = models.PositiveIntegerField(null=True)
    recording_state = models.CharField(max_length=8, choices=RecordingState, default=RecordingState.NONE)
    recording_tries = models.PositiveSmallIntegerField(default=0)
    recording_due_at = models.DateTimeField(null=True)  # when to fetch it (again)
    transcript = models.TextField(max_length=4000, blank=True)
    transcript_state = models.CharField(max_length=8, choices=TranscriptState, default=TranscriptState.NONE)
    transcript_of = models.CharField(max_length=40, blank=True)  # the recording it belongs to; it may be told first

    # A call that reached nobody stands in the list of missed calls until somebody dealt with it.
    dealt_at = models.DateTimeField(null=True)
    dealt_by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, null=True, related_name="+")

    objects: ClassVar[models.Manager["PhoneCall"]] = PhoneCallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="call_state_known", condition=Q(state__in=CallState.values)),
            models.CheckConstraint(
                name="call_ended_has_time_and_outcome",
                condition=(Q(state=CallState.ENDED, ended_at__isnull=False) & ~Q(outcome=""))
                | (~Q(state=CallState.ENDED) & Q(ended_at=None, outcome="")),
            ),
            models.CheckConstraint(
                name="call_recording_wanted_has_sid_and_time",
                condition=(
                    Q(recording_state=RecordingState.WANTED, recording_due_at__isnull=False) & ~Q(recording_sid="")
                )
                | (~Q(recording_state=RecordingState.WANTED) & Q(recording_due_at=None)),
            ),
            models.CheckConstraint(
                name="call_dealt_at_and_by_together",
                condition=Q(dealt_at=None, dealt_by=None) | Q(dealt_at__isnull=False, dealt_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "started_at"], name="call_of_ticket"),
            models.Index(
                fields=["recording_due_at"], name="call_recording_due", condition=Q(recording_due_at__isnull=False)
            ),
            # Calls the desk answered and nobody wrote down yet.
            models.Index(
                fields=["office", "-started_at"],
                name="call_unwritten",
                condition=Q(ticket=None, outcome=CallOutcome.TALKED),
            ),
            models.Index(
                fields=["practice", "-started_at"],
                name="call_missed",
                condition=Q(ticket=None, outcome=CallOutcome.HUNG_UP, dealt_at=None),
            ),
            models.Index(fields=["phone", "started_at"], name="call_by_number", condition=~Q(phone="")),
            models.Index(
                fields=["ended_at"], name="call_being_written", condition=Q(transcript_state=TranscriptState.WANTED)
            ),
        ]

    def move(self, to: CallState, *, at: dt.datetime, outcome: CallOutcome | None = None) -> None:
        """Change the state in memory; the caller saves. Raises WrongMove."""
        if to not in CALL_MOVES[CallState(self.state)]:
            raise WrongMove
        self.state = to
        if to == CallState.ENDED:
            self.ended_at, self.outcome = at, outcome or CallOutcome.HUNG_UP


class VoicemailAudio(models.Model):
    """What was spoken, sealed; in a table of its own so that lists of calls stay light."""

    call = models.OneToOneField(PhoneCall, on_delete=models.CASCADE, related_name="audio")
    content_type = models.CharField(max_length=40)
    sealed = models.TextField()
    size = models.PositiveIntegerField()  # bytes of the recording itself
    kept_at = models.DateTimeField(db_index=True)
