"""Pictures and other files that came with a text message, while they are still at the provider."""

from django.db import models
from django.db.models import Q

from helpdesk.enums import RecordingState
from helpdesk.models.mail import Attachment, InboundText
from portal_core.kernel.ids import PublicIdField


class TextMedia(models.Model):
    """One file of a text: where it is at the provider, and what became of it here."""

    public_id = PublicIdField()
    text = models.ForeignKey(InboundText, on_delete=models.CASCADE, related_name="media")
    sid = models.CharField(max_length=40, unique=True)  # the provider's id of the file
    message_sid = models.CharField(max_length=40)
    claimed_type = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=8, choices=RecordingState, default=RecordingState.WANTED)
    tries = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)  # when to fetch it (again)
    attachment = models.OneToOneField(Attachment, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="media_wanted_has_time",
                condition=Q(state=RecordingState.WANTED, due_at__isnull=False)
                | (~Q(state=RecordingState.WANTED) & Q(due_at=None)),
            )
        ]
        indexes = [models.Index(fields=["due_at"], name="media_due", condition=Q(due_at__isnull=False))]
