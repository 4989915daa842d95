"""Writing help articles, and hearing whether they helped."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from helpdesk.contracts import ArticleDraft
from helpdesk.enums import Audience
from helpdesk.errors import ArticleChanged, ArticleNameTaken
from helpdesk.models import Article, ArticleFeedback, ArticleVersion
from helpdesk.rules.guides import Guide
from portal_core.kernel import audit, clock
from portal_core.kernel.contracts import Actor

if TYPE_CHECKING:
    from portal_core.directory.models import Staff


@transaction.atomic
def create(*, draft: ArticleDraft, staff: "Staff", publish: bool, by: Actor) -> ArticleVersion:
    """A new article, or the practice's own text of a shipped one. Raises ArticleNameTaken."""
    now = clock.now()
    try:
        with transaction.atomic():
            article = Article.objects.create(
                practice_id=staff.practice_id,
                slug=draft.slug,
                audience=draft.audience,
                categories=list(draft.categories),
                created_at=now,
            )
    except IntegrityError as taken:
        raise ArticleNameTaken from taken
    return _write(article, draft, number=1, publish=publish, at=now, by=by)


@transaction.atomic
def save(*, article: Article, draft: ArticleDraft, seen: int, publish: bool, by: Actor) -> ArticleVersion:
    """The next version; published, or kept as a draft of which readers see nothing, neither its words nor for whom it
    is. `seen` is the newest version the writer knew. Raises ArticleChanged when there is a newer one."""
    now, article = clock.now(), Article.objects.select_for_update().get(pk=article.pk)
    newest = article.versions.order_by("-number").values_list("number", flat=True).first() or 0
    if newest != seen:
        raise ArticleChanged
    return _write(article, draft, number=newest + 1, publish=publish, at=now, by=by)


@transaction.atomic
def restore(*, article: Article, number: int, by: Actor) -> ArticleVersion:
    """An old text again, for whom it was written then, as a new version. Raises ArticleVersion.DoesNotExist."""
    now, article = clock.now(), Article.objects.select_for_update().get(pk=article.pk)
    old = article.versions.get(number=number)
    newest = article.versions.order_by("-number").values_list("number", flat=True).first() or 0
    draft = ArticleDraft(
        slug=article.slug,
        audience=Audience(old.audience),
        title=old.title,
        summary=old.summary,
        body=old.body,
        categories=tuple(old.categories),
        note=_("Version %(n)d again") % {"n": number},
    )
    return _write(article, draft, number=newest + 1, publish=True, at=now, by=by)


@transaction.atomic
def retire(*, article: Article, on: bool = True, by: Actor) -> Article:
    """Take it off the shelf (or put it back). Twice is once."""
    now, article = clock.now(), Article.objects.select_for_update().get(pk=article.pk)
    if (article.retired_at is not None) == on:
        return article
    article.retired_at = now if on else None
    article.save(update_fields=["retired_at"])
    audit.record("article:retire" if on else "article:bring_back", by=by, target=article, at=now, slug=article.slug)
    return article


@transaction.atomic
def rate(*, guide: Guide, practice_id: int | None, helped: bool, comment: str, by: Actor) -> ArticleFeedback:
    """ "Did this help?" Nobody's name is kept."""
    return ArticleFeedback.objects.create(
        practice_id=practice_id,
        slug=guide.slug,
        number=guide.version,
        helped=helped,
        comment=comment.strip()[:500],
        at=clock.now(),
    )


def _write(
    article: Article, draft: ArticleDraft, *, number: int, publish: bool, at: dt.datetime, by: Actor
) -> ArticleVersion:
    version = ArticleVersion.objects.create(
        article=article,
        number=number,
        audience=draft.audience,
        categories=list(draft.categories),
        title=draft.title,
        summary=draft.summary,
        body=draft.body,
        note=draft.note,
        by_label=by.label[:120],
        at=at,
    )
    if publish:
        article.published, article.retired_at = number, None
    if publish or article.published is None:
        article.audience, article.categories = draft.audience, list(draft.categories)
    article.save(update_fields=["published", "retired_at", "audience", "categories"])
    audit.record(
        "article:publish" if publish else "article:draft",
        by=by,
        target=article,
        at=at,
        slug=article.slug,
        version=number,
    )
    return version
