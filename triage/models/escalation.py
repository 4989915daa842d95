"""The flag: what the office relays to IT while it keeps the patient (HD-07, TR-06)."""

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from helpdesk.enums import Category
from portal_core.directory.enums import Permission
from portal_core.kernel.ids import PublicIdField
from triage.enums import (
    ESCALATION_MOVES,
    ESCALATION_OPEN,
    ESCALATION_TONES,
    ESCALATION_TURN,
    EscalationState,
    Impact,
    RefusalCode,
    RelayReason,
)
from triage.errors import EscalationMoved
from triage.models.verification import Attestation

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def open(self) -> "EscalationQuerySet":
        return self.filter(state__in=ESCALATION_OPEN)

    def seen_by_it(self, staff: "Staff") -> "EscalationQuerySet":
        return self.filter(practice_id=staff.practice_id) if staff.may(Permission.IT_DESK) else self.none()

    def seen_by_office(self, staff: "Staff") -> "EscalationQuerySet":
        if not staff.may(Permission.OFFICE_DESK):
            return self.none()
        offices = staff.offices_for(Permission.OFFICE_DESK)
        mine = self.filter(practice_id=staff.practice_id)
        return mine if offices is None else mine.filter(office_id__in=offices)


class Escalation(models.Model):
    public_id = PublicIdField()
    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.PROTECT, related_name="+")
    practice = models.ForeignKey("directory.Practice", on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, related_name="+")
    sent_by = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, related_name="+")
    # the packet
    category = models.CharField(max_length=24, choices=Category)
    reason = models.CharField(max_length=24, choices=RelayReason)
    error_text = models.TextField()
    page = models.CharField(max_length=200)
    happened_at = models.DateTimeField()
    device = models.JSONField(default=dict)  # {"text": "iPhone 15, Safari 18"}
    steps_done = models.JSONField(default=list)
    attestation = models.ForeignKey(Attestation, on_delete=models.PROTECT, null=True, related_name="+")
    identity_not_needed = models.BooleanField(default=False)
    patient_initials = models.CharField(max_length=8, blank=True)  # all of the patient that IT sees
    portal_label = models.CharField(max_length=40, blank=True)  # portal status when it was sent, its label alone
    ok_to_contact = models.BooleanField(default=False)
    contact_number = models.CharField(max_length=32, blank=True)
    contact_window = models.CharField(max_length=80, blank=True)
    impact = models.CharField(max_length=12, choices=Impact)
    note = models.TextField(blank=True)
    # its way
    state = models.CharField(max_length=16, choices=EscalationState, default=EscalationState.SENT)
    refusal = models.CharField(max_length=24, choices=RefusalCode, blank=True)
    answer = models.TextField(blank=True)
    question = models.TextField(blank=True)
    assignee = models.ForeignKey("directory.Staff", on_delete=models.PROTECT, null=True, related_name="+")
    incident_id = models.CharField(max_length=20, blank=True)
    duplicate_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    snoozed_until = models.DateTimeField(null=True)  # out of the console's way until then
    snooze_reason = models.CharField(max_length=200, blank=True)
    bounces = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()

    objects: ClassVar[models.Manager["Escalation"]] = EscalationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket"], name="escalation_one_open_per_ticket", condition=Q(state__in=ESCALATION_OPEN)
            ),
            models.CheckConstraint(
                name="escalation_identity_known_or_not_needed",
                condition=Q(attestation__isnull=False, identity_not_needed=False)
                | Q(attestation=None, identity_not_needed=True),
            ),
            models.CheckConstraint(
                name="escalation_returned_by_code",
                condition=Q(state=EscalationState.RETURNED) & ~Q(refusal="")
                | ~Q(state=EscalationState.RETURNED) & Q(refusal=""),
            ),
            models.CheckConstraint(
                name="escalation_linked_to_an_incident", condition=~Q(state=EscalationState.LINKED) | ~Q(incident_id="")
            ),
            models.CheckConstraint(
                name="escalation_contact_needs_a_number", condition=Q(ok_to_contact=False) | ~Q(contact_number="")
            ),
            models.CheckConstraint(
                name="escalation_snooze_has_reason",
                condition=Q(snoozed_until=None, snooze_reason="")
                | Q(snoozed_until__isnull=False) & ~Q(snooze_reason=""),
            ),
            models.CheckConstraint(name="escalation_error_text_given", condition=~Q(error_text="") & ~Q(page="")),
        ]
        indexes = [
            models.Index(
                fields=["practice", "-created_at"], name="escalation_it_list", condition=Q(state__in=ESCALATION_OPEN)
            ),
            models.Index(fields=["ticket", "-created_at"], name="escalation_by_ticket"),
            models.Index(fields=["incident_id"], name="escalation_by_incident", condition=~Q(incident_id="")),
            models.Index(fields=["office", "-created_at"], name="escalation_by_office"),
            models.Index(fields=["practice", "category", "created_at"], name="escalation_by_kind"),  # the usual number
        ]

    @property
    def is_open(self) -> bool:
        return self.state in ESCALATION_OPEN

    def sleeps(self, now: dt.datetime) -> bool:
        """IT put it out of its way for a while; only what is IT's move can sleep."""
        return self.snoozed_until is not None and self.snoozed_until > now and self.turn == "it"

    @property
    def turn(self) -> str:
        """Whose move it is: it | office | nobody."""
        return ESCALATION_TURN[self.state]

    @property
    def may_be_withdrawn(self) -> bool:
        """Whether its office may still take it back: IT has not decided."""
        return EscalationState.WITHDRAWN in ESCALATION_MOVES[self.state]

    @property
    def tone(self) -> str:
        return ESCALATION_TONES[self.state]

    def move(self, state: EscalationState, *, at: dt.datetime) -> None:
        """Raises EscalationMoved when the flag is no longer where this step starts from."""
        if state not in ESCALATION_MOVES[self.state]:
            raise EscalationMoved(state=self.state)
        self.state, self.changed_at = state, at
        if state in (EscalationState.DONE, EscalationState.RETURNED, EscalationState.WITHDRAWN):
            self.closed_at = at
