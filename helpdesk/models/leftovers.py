"""What is still at the provider and has to go."""

from django.db import models

from helpdesk.enums import CopyKind


class ProviderCopy(models.Model):
    """The provider's copy of a recording or of a file of a text, from the moment we need it no longer until the
    provider has deleted it."""

    kind = models.CharField(max_length=10, choices=CopyKind)
    sid = models.CharField(max_length=40, unique=True)  # the provider's id
    message_sid = models.CharField(max_length=40, blank=True)  # of a file: the text it came with
    due_at = models.DateTimeField(db_index=True)  # when to ask for the deletion (again)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="copy_of_a_file_names_its_text",
                condition=models.Q(kind=CopyKind.RECORDING, message_sid="")
                | (models.Q(kind=CopyKind.MEDIA) & ~models.Q(message_sid="")),
            )
        ]
