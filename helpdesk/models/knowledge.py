"""Help articles of a practice. What ships with the product stands in `helpdesk/library`; a practice's own article with
the same short name takes its place."""

from django.db import models
from django.db.models import F, Q

from helpdesk.enums import Audience
from portal_core.kernel.ids import PublicIdField


class Article(models.Model):
    """One article of one practice; its texts are its versions. `audience` and `categories` are those of the version
    that is read or, before the first is published, of the newest draft."""

    public_id = PublicIdField()
    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, related_name="+")
    slug = models.SlugField(max_length=60)
    audience = models.CharField(max_length=10, choices=Audience)
    categories = models.JSONField(default=list)  # codes of `enums.Category`
    published = models.PositiveIntegerField(null=True)  # the number of the version people read; null: a first draft
    retired_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "slug"], name="article_one_per_name"),
            models.CheckConstraint(name="article_audience_known", condition=Q(audience__in=Audience.values)),
        ]


class ArticleVersion(models.Model):
    """One text of an article; never edited, only followed by another."""

    article = models.ForeignKey(Article, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    audience = models.CharField(max_length=10, choices=Audience)  # who reads it belongs to the text
    categories = models.JSONField(default=list)  # codes of `enums.Category`
    title = models.CharField(max_length=120)
    summary = models.CharField(max_length=240)
    body = models.TextField(max_length=20000)  # Markdown
    note = models.CharField(max_length=160, blank=True)  # what changed
    by_label = models.CharField(max_length=120)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="article_version_once"),
            models.CheckConstraint(name="article_version_from_one", condition=Q(number__gte=1)),
            models.CheckConstraint(name="article_version_audience_known", condition=Q(audience__in=Audience.values)),
        ]
        ordering = [F("number").desc()]


class ArticleFeedback(models.Model):
    """ "Did this help?" about the version that was read; 0 is the text that ships. Nobody's name."""

    practice = models.ForeignKey("directory.Practice", on_delete=models.CASCADE, null=True, related_name="+")
    slug = models.SlugField(max_length=60)
    number = models.PositiveIntegerField()
    helped = models.BooleanField()
    comment = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["slug", "-at"], name="article_feedback_by_slug")]
