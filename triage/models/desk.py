"""What people at a desk keep for themselves and for each other: drafts, views, canned replies, mentions."""

from django.db import models
from django.db.models import Q

from helpdesk.enums import Side
from portal_core.kernel.ids import PublicIdField
from triage.enums import DraftKind


class CannedReply(models.Model):
    """A prepared answer of one desk; of one office, or (office empty) of all of them."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.PROTECT, related_name="+")
    office = models.ForeignKey("directory.Office", on_delete=models.PROTECT, null=True, related_name="+")
    side = models.CharField(max_length=8, choices=Side)
    title = models.CharField(max_length=80)
    body = models.TextField(max_length=4000)  # `rules.canned` says which variables may stand in it
    changed_by = models.CharField(max_length=120)  # a label; who exactly stands in the ledger
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["office", "title"], name="canned_once_per_office", condition=Q(office__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["practice", "side", "title"], name="canned_once_per_desk", condition=Q(office=None)
            ),
            models.CheckConstraint(name="canned_side_known", condition=Q(side__in=Side.values)),
            models.CheckConstraint(
                name="canned_it_has_no_office", condition=Q(side=Side.OFFICE) | Q(office__isnull=True)
            ),
            models.CheckConstraint(name="canned_not_empty", condition=~Q(title="") & ~Q(body="")),
        ]
        indexes = [models.Index(fields=["practice", "side", "title"], name="canned_list")]


class SavedView(models.Model):
    """A filter of a desk's list that somebody gave a name. `wanted`: see `rules.views`."""

    public_id = PublicIdField()
    staff = models.ForeignKey("directory.Staff", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    wanted = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "name"], name="saved_view_once"),
            models.CheckConstraint(name="saved_view_named", condition=~Q(name="")),
        ]


class Draft(models.Model):
    """What somebody began to write and has not sent: survives a reload, a crash, and a change of device."""

    staff = models.ForeignKey("directory.Staff", on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=DraftKind)
    about = models.CharField(max_length=20)  # public id of the ticket or flag
    body = models.TextField(max_length=5000)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["staff", "kind", "about"], name="draft_once"),
            models.CheckConstraint(name="draft_kind_known", condition=Q(kind__in=DraftKind.values)),
            models.CheckConstraint(name="draft_not_empty", condition=~Q(body="")),
        ]
        indexes = [models.Index(fields=["about", "kind"], name="draft_about")]


class Mention(models.Model):
    """Somebody was named in an internal note: it waits for them until they open the ticket."""

    staff = models.ForeignKey("directory.Staff", on_delete=models.CASCADE, related_name="+")
    ticket = models.ForeignKey("helpdesk.Ticket", on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=20)  # public id of the note
    by_label = models.CharField(max_length=120)
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["staff", "message_id"], name="mention_once")]
        indexes = [
            models.Index(fields=["staff", "ticket"], name="mention_unseen", condition=Q(seen_at=None)),
        ]
