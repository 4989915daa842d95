import datetime as dt
import secrets
from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce, Upper

from helpdesk.enums import (
    DONE,
    ENDED,
    LIVE,
    MOVES,
    OURS,
    PAUSED,
    UNASKED,
    Alert,
    Author,
    Category,
    Channel,
    Hanging,
    RequesterKind,
    Resolution,
    Side,
    SnoozeReason,
    TicketState,
    Turn,
    Visibility,
    WaitReason,
)
from helpdesk.errors import TicketClosed, WrongMove
from helpdesk.rules import turn as rules
from portal_core.kernel.ids import PublicIdField

READABLE = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # no I, L, O, U, 0, 1: it is read aloud on the phone


def new_reference() -> str:
    """A short code such as K7M2-9QF (35 bits; uniqueness is the database's business)."""
    code = "".join(secrets.choice(READABLE) for _ in range(7))
    return f"{code[:4]}-{code[4:]}"


class TicketQuerySet(models.QuerySet["Ticket"]):
    def locked(self, pk: int) -> "Ticket":
        """The row as it is now, held until the transaction ends."""
        return self.select_related("office__practice", "practice").select_for_update(of=("self",)).get(pk=pk)

    def live(self) -> "TicketQuerySet":
        return self.filter(state__in=LIVE)


class Ticket(models.Model):
    """A request for help. The office owns a patient's ticket until it is closed, also while IT works on a flag."""

    public_id = PublicIdField()
    reference = models.CharField(max_length=8, unique=True, default=new_reference, editable=False)
    practice = models.ForeignKey("directory.Practice", on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=Side)
    category = models.CharField(max_length=20, choices=Category)
    channel = models.CharField(max_length=10, choices=Channel)
    requester_kind = models.CharField(max_length=10, choices=RequesterKind)
    # As told by the requester. Nothing is stored of what is typed only to prove who somebody is.
    requester_name = models.CharField(max_length=160, blank=True)
    requester_email = models.EmailField(blank=True)
    requester_phone = models.CharField(max_length=32, blank=True)
    patient = models.ForeignKey("directory.Patient", on_delete=models.PROTECT, null=True, related_name="+")
    # Since when it is about them, where it was matched with somebody else before: what is older is not theirs to read.
    patient_since = models.DateTimeField(null=True)
    owner = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=160)
    error_text = models.TextField(max_length=1000, blank=True)
    device = models.JSONField(default=dict)  # browser, os, screen, language: short strings (HD-18)
    call_seconds = models.PositiveIntegerField(null=True)  # HD-13

    state = models.CharField(max_length=16, choices=TicketState, default=TicketState.NEW)
    relayed_at = models.DateTimeField(null=True)  # set while a flag is open at IT
    incident_id = models.CharField(max_length=20, blank=True)  # public id on the status page
    wait_reason = models.CharField(max_length=16, choices=WaitReason, blank=True)
    wake_at = models.DateTimeField(null=True)
    turn_since = models.DateTimeField()
    loop_rounds = models.PositiveSmallIntegerField(default=0)  # how often the requester was asked "fixed for you?"
    dissent_count = models.PositiveSmallIntegerField(default=0)  # the last of these rounds that was answered by "no"
    reopened_count = models.PositiveSmallIntegerField(default=0)
    first_response_at = models.DateTimeField(null=True)
    solved_at = models.DateTimeField(null=True)
    solved_by = models.CharField(max_length=120, blank=True)  # a label; who exactly stands in the ledger
    resolution = models.CharField(max_length=16, choices=Resolution, blank=True)
    # Whether the promise to solve was kept; null: not solved, or nothing was promised. A pause of ours does not count.
    solved_in_time = models.BooleanField(null=True)
    used_minutes = models.PositiveIntegerField(null=True)  # open minutes the solving took us
    closed_at = models.DateTimeField(null=True)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="merged")
    merged_at = models.DateTimeField(null=True)
    # Resting until later although the move is ours: the clock goes on, the queue does not show it.
    snoozed_until = models.DateTimeField(null=True)
    snooze_reason = models.CharField(max_length=10, choices=SnoozeReason, blank=True)
    nudges = models.PositiveSmallIntegerField(default=0)  # how often an unanswered question was repeated
    first_due_at = models.DateTimeField(null=True)  # when the first answer is due
    due_at = models.DateTimeField(null=True)  # the deadline in force; none while the move is not ours
    resolve_due_at = models.DateTimeField(null=True)  # solved by then, as things stand
    alert = models.CharField(max_length=10, choices=Alert, blank=True)
    alert_at = models.DateTimeField(null=True)  # when the next alert is due
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    # The rule `rules.turn.turn` in SQL, so that queues can be filtered and sorted by an index; a test compares both.
    turn_now = models.GeneratedField(
        expression=Case(
            When(state__in=DONE, then=Value(Turn.NOBODY.value)),
            When(state__in=[TicketState.WAIT_PATIENT, TicketState.CLOSE_LOOP], then=Value(Turn.PATIENT.value)),
            When(
                Q(state=TicketState.WAIT_INCIDENT) | Q(relayed_at__isnull=False) | Q(side=Side.IT),
                then=Value(Turn.IT.value),
            ),
            default=Value(Turn.OFFICE.value),
        ),
        output_field=models.CharField(max_length=8),
        db_persist=True,
    )

    # What a queue is sorted by: the deadline in force, else the wake-up, else since when it waits.
    queue_at = models.GeneratedField(
        expression=Coalesce(F("due_at"), F("wake_at"), F("turn_since")),
        output_field=models.DateTimeField(),
        db_persist=True,
    )

    objects: ClassVar[models.Manager["Ticket"]] = TicketQuerySet.as_manager()

    # What else hangs on it (`Hanging`), where that was asked for together with the row; None: nobody asked.
    hanging: frozenset[Hanging] | None = None

    class Meta:
        constraints = [
            models.CheckConstraint(name="ticket_state_known", condition=Q(state__in=TicketState.values)),
            models.CheckConstraint(name="ticket_category_known", condition=Q(category__in=Category.values)),
            models.CheckConstraint(name="ticket_channel_known", condition=Q(channel__in=Channel.values)),
            models.CheckConstraint(name="ticket_side_known", condition=Q(side__in=Side.values)),
            models.CheckConstraint(name="ticket_requester_known", condition=Q(requester_kind__in=RequesterKind.values)),
            models.CheckConstraint(
                name="ticket_pause_has_reason_and_wake_up",
                condition=(Q(state__in=PAUSED, wake_at__isnull=False) & ~Q(wait_reason=""))
                | (~Q(state__in=PAUSED) & Q(wait_reason="", wake_at=None)),
            ),
            models.CheckConstraint(
                name="ticket_solved_has_time_and_resolution",
                condition=(Q(state__in=ENDED, solved_at__isnull=False) & ~Q(resolution=""))
                | (~Q(state__in=ENDED) & Q(solved_at=None, resolution="", solved_by="")),
            ),
            models.CheckConstraint(
                name="ticket_kept_only_when_solved",
                condition=Q(state__in=ENDED) | Q(solved_in_time=None, used_minutes=None),
            ),
            models.CheckConstraint(
                name="ticket_closed_has_time",
                condition=Q(state=TicketState.CLOSED, closed_at__isnull=False)
                | (~Q(state=TicketState.CLOSED) & Q(closed_at=None)),
            ),
            models.CheckConstraint(
                name="ticket_incident_named",
                condition=~Q(state__in=[TicketState.WAIT_INCIDENT, TicketState.CLOSE_LOOP]) | ~Q(incident_id=""),
            ),
            models.CheckConstraint(
                name="ticket_relayed_only_while_open", condition=Q(relayed_at=None) | Q(state=TicketState.OPEN)
            ),
            models.CheckConstraint(
                name="ticket_web_can_be_answered",
                condition=~Q(channel=Channel.WEB) | ~Q(requester_email="") | ~Q(requester_phone=""),
            ),
            models.CheckConstraint(
                name="ticket_call_seconds_of_calls", condition=Q(call_seconds=None) | Q(channel=Channel.PHONE)
            ),
            models.CheckConstraint(name="ticket_dissent_was_asked", condition=Q(dissent_count__lte=F("loop_rounds"))),
            models.CheckConstraint(
                name="ticket_merged_into_one",
                condition=Q(state=TicketState.MERGED, merged_into__isnull=False, merged_at__isnull=False)
                | (~Q(state=TicketState.MERGED) & Q(merged_into=None, merged_at=None)),
            ),
            models.CheckConstraint(
                name="ticket_snooze_has_reason_and_end",
                condition=Q(snoozed_until=None, snooze_reason="")
                | (Q(snoozed_until__isnull=False, state__in=OURS) & ~Q(snooze_reason="")),
            ),
            models.CheckConstraint(
                name="ticket_nudges_of_a_question", condition=Q(nudges=0) | Q(state=TicketState.WAIT_PATIENT)
            ),
            models.CheckConstraint(name="ticket_due_while_ours", condition=Q(due_at=None) | Q(state__in=OURS)),
            models.CheckConstraint(
                name="ticket_alert_of_a_deadline", condition=Q(alert_at=None) | Q(due_at__isnull=False)
            ),
        ]
        indexes = [
            models.Index(fields=["office", "state", "-updated_at", "-id"], name="ticket_office_state"),
            models.Index(fields=["office", "turn_now", "queue_at", "id"], name="ticket_office_turn"),
            # The queues show what is live and nothing else; two years of closed tickets must not stand before it.
            models.Index(fields=["office", "queue_at", "id"], name="ticket_office_live", condition=Q(state__in=LIVE)),
            models.Index(
                fields=["practice", "side", "queue_at", "id"], name="ticket_live_queue", condition=Q(state__in=LIVE)
            ),
            # "mine" and "nobody's", and how much everybody has
            models.Index(fields=["owner", "queue_at", "id"], name="ticket_live_owner", condition=Q(state__in=LIVE)),
            models.Index(
                fields=["practice", "turn_now", "queue_at", "id"], name="ticket_it_turn", condition=Q(side=Side.IT)
            ),
            models.Index(fields=["merged_into"], name="ticket_merged", condition=Q(merged_into__isnull=False)),
            models.Index(fields=["alert_at"], name="ticket_alert", condition=Q(alert_at__isnull=False)),
            models.Index(fields=["snoozed_until"], name="ticket_snooze", condition=Q(snoozed_until__isnull=False)),
            models.Index(fields=["incident_id", "state"], name="ticket_of_incident", condition=~Q(incident_id="")),
            models.Index(fields=["patient", "-created_at"], name="ticket_of_patient"),
            # who had the last ticket of a provider, who is known by an address alone (HD-08)
            models.Index(
                Upper("requester_email"),
                F("created_at").desc(),
                name="ticket_it_by_address",
                condition=Q(side=Side.IT),
            ),
            models.Index(fields=["category", "created_at"], name="ticket_surge"),  # triage counts likenesses per window
            models.Index(fields=["practice", "created_at"], name="ticket_by_day"),  # reports
            models.Index(fields=["wake_at"], name="ticket_wake", condition=Q(wake_at__isnull=False)),
            models.Index(fields=["solved_at"], name="ticket_to_close", condition=Q(state=TicketState.SOLVED)),
        ]

    @property
    def turn(self) -> Turn:
        """Whose move it is."""
        return rules.turn(state=TicketState(self.state), side=Side(self.side), relayed=self.relayed_at is not None)

    @property
    def public_label(self) -> str:
        """The requester's word for the state."""
        if self.channel == Channel.MESSAGE and self.resolution == Resolution.NOT_NEEDED:
            return rules.NO_ANSWER_NEEDED
        return rules.public_label(TicketState(self.state))

    @property
    def public_tone(self) -> str:
        return rules.public_tone(TicketState(self.state))

    @property
    def is_live(self) -> bool:
        return self.state in LIVE

    def may_have(self, *kinds: Hanging) -> bool:
        """Whether it is worth asking for any of these: True also where nobody looked."""
        return self.hanging is None or not self.hanging.isdisjoint(kinds)

    def move(self, to: TicketState, *, at: dt.datetime) -> None:
        """Change the state in memory; the caller saves. Raises TicketClosed or WrongMove."""
        state = TicketState(self.state)
        if to not in MOVES[state]:
            raise TicketClosed if state == TicketState.CLOSED else WrongMove
        before = self.turn
        self.state = to
        reason, pause = rules.WAITS.get(to, ("", None))
        self.wait_reason = reason
        self.wake_at = at + pause if pause is not None else None
        self.nudges, self.snoozed_until, self.snooze_reason = 0, None, ""
        if to not in OURS:
            self.due_at, self.resolve_due_at, self.alert, self.alert_at = None, None, Alert.NONE, None
        if to not in ENDED:
            self.solved_at, self.solved_by, self.resolution = None, "", ""
            self.solved_in_time, self.used_minutes = None, None
        if to == TicketState.CLOSED:
            self.closed_at = at
        if to != TicketState.OPEN:
            self.relayed_at = None
        if self.turn != before:
            self.turn_since = at

    @property
    def may_be_solved(self) -> bool:
        """Whether solving is a move from where it stands. What waits for an incident ends with it, or leaves it."""
        return TicketState.SOLVED in MOVES[TicketState(self.state)]

    @property
    def is_still_broken(self) -> bool:
        """Whether the requester's answer was "no" when they were asked last, and they do not wait to be asked again."""
        return self.state in UNASKED and self.dissent_count == self.loop_rounds > 0

    def save_changes(self, *fields: str, at: dt.datetime) -> None:
        """Write what an action changed, together with everything `move` may touch, and count the version up."""
        self.version += 1
        self.updated_at = at
        self.save(
            update_fields={
                "state", "wait_reason", "wake_at", "nudges", "snoozed_until", "snooze_reason", "turn_since",
                "relayed_at", "solved_at", "solved_by", "resolution", "solved_in_time", "used_minutes", "closed_at",
                "first_due_at", "due_at", "resolve_due_at", "alert", "alert_at", "version", "updated_at", *fields,
            }
        )  # fmt: skip


class TicketMessage(models.Model):
    """One entry of the conversation; never edited."""

    public_id = PublicIdField()
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="messages")
    author_kind = models.CharField(max_length=10, choices=Author)
    author_id = models.CharField(max_length=20, blank=True)  # public id of the staff member
    author_label = models.CharField(max_length=160)
    visibility = models.CharField(max_length=8, choices=Visibility)
    body = models.TextField(max_length=5000)
    at = models.DateTimeField()
    held_until = models.DateTimeField(null=True)  # a reply leaves then; until then it may be taken back

    # What came with it, where that was asked for together with the thread (`queries.hang_files`, `count_files`).
    files: Sequence[Any] = ()
    files_waiting: int = 0

    class Meta:
        constraints = [
            models.CheckConstraint(name="message_author_known", condition=Q(author_kind__in=Author.values)),
            models.CheckConstraint(name="message_visibility_known", condition=Q(visibility__in=Visibility.values)),
            models.CheckConstraint(name="message_not_empty", condition=~Q(body="")),
            models.CheckConstraint(
                name="message_of_requester_is_visible",
                condition=~Q(author_kind=Author.REQUESTER) | Q(visibility=Visibility.PATIENT),
            ),
        ]
        indexes = [models.Index(fields=["ticket", "at", "id"], name="message_thread")]
