"""What came in by e-mail, text and picture: kept whole, beside the conversation it became part of."""

from django.db import models
from django.db.models import Q

from helpdesk.enums import FileSender, FileState, HoldReason, MailState, SenderCheck, TextKind
from helpdesk.models.ticket import Ticket, TicketMessage
from portal_core.kernel.ids import PublicIdField


class InboundMail(models.Model):
    """One e-mail as it arrived. `raw` is every byte of it; the other columns are read from it and may be empty."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.PROTECT, null=True, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, null=True, related_name="+")
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, related_name="mails")
    message = models.ForeignKey(TicketMessage, on_delete=models.CASCADE, null=True, related_name="mails")
    state = models.CharField(max_length=12, choices=MailState, default=MailState.RECEIVED)
    hold_reason = models.CharField(max_length=12, choices=HoldReason, blank=True)
    digest = models.CharField(
        max_length=64, unique=True
    )  # of bytes and recipients: the same hand-over twice is one row
    envelope_sender = models.CharField(max_length=320, blank=True)  # empty: a report of a mail server
    recipients = models.JSONField(default=list)  # envelope addresses, lower case
    sender = models.CharField(max_length=320, blank=True)  # the From line: a claim, never a proof
    subject = models.CharField(max_length=250, blank=True)
    header_id = models.CharField(max_length=300, blank=True)  # Message-ID, with its brackets
    references = models.JSONField(default=list)
    faults = models.JSONField(default=list)  # codes of `rules.letter`: what could not be read
    size = models.PositiveIntegerField()
    raw = models.BinaryField()
    sender_check = models.CharField(max_length=12, choices=SenderCheck, blank=True)
    received_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)
    raw_removed_at = models.DateTimeField(null=True)  # `raw` is empty since then (`actions.keeping`)

    class Meta:
        constraints = [
            models.CheckConstraint(name="mail_state_known", condition=Q(state__in=MailState.values)),
            models.CheckConstraint(
                name="mail_ticketed_has_ticket", condition=~Q(state=MailState.TICKETED) | Q(ticket__isnull=False)
            ),
            models.CheckConstraint(
                name="mail_held_has_reason", condition=~Q(state=MailState.HELD) | ~Q(hold_reason="")
            ),
        ]
        indexes = [
            models.Index(fields=["header_id"], name="mail_by_header_id", condition=~Q(header_id="")),
            models.Index(fields=["sender", "received_at"], name="mail_by_sender"),
            models.Index(fields=["practice", "-received_at", "-id"], name="mail_held", condition=Q(state="held")),
            models.Index(fields=["received_at"], name="mail_unread", condition=Q(state="received")),
            models.Index(
                fields=["practice", "received_at"], name="mail_with_original", condition=Q(raw_removed_at=None)
            ),
        ]


class Attachment(models.Model):
    """A file somebody sent. In quarantine until it was looked at; staff of its ticket take it out, and its patient."""

    public_id = PublicIdField()
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="attachments")
    message = models.ForeignKey(TicketMessage, on_delete=models.CASCADE, null=True, related_name="attachments")
    mail = models.ForeignKey(InboundMail, on_delete=models.CASCADE, null=True, related_name="attachments")
    sender = models.CharField(max_length=10, choices=FileSender, default=FileSender.REQUESTER)
    # Whom the office sent it to, or who sent it signed in. Theirs alone, also if the ticket turns out to be another's.
    patient = models.ForeignKey("directory.Patient", on_delete=models.PROTECT, null=True, related_name="+")
    name = models.CharField(max_length=160)
    claimed_type = models.CharField(max_length=120, blank=True)  # what the sender says it is
    kind = models.CharField(max_length=120)  # what its bytes say it is
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=FileState, default=FileState.WAITING)
    finding = models.CharField(max_length=120, blank=True)  # why it is blocked, or the name of what was found
    data = models.BinaryField()
    created_at = models.DateTimeField()
    scanned_at = models.DateTimeField(null=True)
    scan_refused_at = models.DateTimeField(null=True)  # when the scanner last did not take it
    opened_at = models.DateTimeField(null=True)  # for the first time by its patient, or by who acts for them
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=160, blank=True)  # a label; who exactly stands in the ledger

    class Meta:
        constraints = [
            models.CheckConstraint(name="file_state_known", condition=Q(state__in=FileState.values)),
            models.CheckConstraint(
                name="file_refused_says_why",
                condition=~Q(state__in=[FileState.BLOCKED, FileState.INFECTED]) | ~Q(finding=""),
            ),
            models.CheckConstraint(name="file_sender_known", condition=Q(sender__in=FileSender.values)),
            models.CheckConstraint(
                name="file_of_office_is_for_somebody",
                condition=~Q(sender=FileSender.OFFICE) | Q(patient__isnull=False, message__isnull=False),
            ),
            models.CheckConstraint(
                name="file_withdrawn_when_and_by_whom",
                condition=(Q(state=FileState.WITHDRAWN, withdrawn_at__isnull=False) & ~Q(withdrawn_by=""))
                | (~Q(state=FileState.WITHDRAWN) & Q(withdrawn_at=None, withdrawn_by="")),
            ),
        ]
        indexes = [
            models.Index(fields=["ticket", "created_at", "id"], name="file_of_ticket"),
            models.Index(fields=["created_at"], name="file_to_scan", condition=Q(state="waiting")),
            models.Index(
                fields=["patient", "-created_at", "-id"], name="file_of_patient", condition=Q(patient__isnull=False)
            ),
        ]


class InboundText(models.Model):
    """One text message as the provider reported it; its sid makes a replay harmless."""

    public_id = PublicIdField()
    sid = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=8, choices=TextKind)
    sender = models.CharField(max_length=32)
    recipient = models.CharField(max_length=32)
    body = models.TextField(blank=True)
    pictures = models.PositiveSmallIntegerField(default=0)
    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, null=True, related_name="texts")
    message = models.ForeignKey(TicketMessage, on_delete=models.CASCADE, null=True, related_name="texts")
    received_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(name="text_kind_known", condition=Q(kind__in=TextKind.values))]
        indexes = [models.Index(fields=["sender", "-received_at"], name="text_by_sender")]


class TextOptOut(models.Model):
    """A number that said STOP. It hears nothing more from us by text until it says START."""

    phone = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField()
