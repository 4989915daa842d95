"""Writing the help: a practice's own articles, and its own text for those that ship."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from helpdesk import articles
from helpdesk.actions import articles as actions
from helpdesk.enums import Audience
from helpdesk.errors import ArticleChanged, ArticleNameTaken
from helpdesk.forms import ArticleForm
from helpdesk.models import Article, ArticleVersion
from helpdesk.rules.guides import Guide
from helpdesk.rules.guides import render as as_html
from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import NotFound

writers = staff_page(Permission.SETTINGS, Permission.IT_DESK)


@require_GET
@writers
def index(request: StaffRequest) -> HttpResponse:
    """Every article one may write, with what readers said."""
    mine = _audiences(request)
    own = {row.slug: row for row in Article.objects.filter(practice_id=request.staff.practice_id, audience__in=mine)}
    counts = articles.feedback_counts(request.staff.practice_id)
    rows = [
        {"guide": guide, "own": own.pop(guide.slug, None), "counts": counts.get(guide.slug, (0, 0))}
        for guide in articles.guides(*mine, practice_id=request.staff.practice_id)
    ]
    hidden = [row for row in own.values() if row.retired_at is not None or row.published is None]
    return render(request, "helpdesk/articles.html", {"rows": rows, "hidden": hidden})


@require_http_methods(["GET", "POST"])
@writers
def new(request: StaffRequest) -> HttpResponse:
    form = ArticleForm(request.POST or None, audiences=_audiences(request))
    return _edit(request, form, article=None, guide=None)


@require_http_methods(["GET", "POST"])
@writers
def edit(request: StaffRequest, slug: str) -> HttpResponse:
    """The next version of an article, or the practice's first own text of a shipped one."""
    article = articles.own_article(request.staff, slug)
    guide = _readable(request, slug, article)
    newest = articles.versions(article)[0] if article is not None else None
    text: Guide | ArticleVersion = newest or guide
    initial = {
        "title": text.title,
        "summary": text.summary,
        "body": text.body,
        "audience": guide.audience,
        "categories": [str(code) for code in guide.categories],
    }
    form = ArticleForm(request.POST or None, audiences=_audiences(request), fixed_slug=slug, initial=initial)
    return _edit(request, form, article=article, guide=guide)


def _edit(request: StaffRequest, form: ArticleForm, *, article: Article | None, guide: Guide | None) -> HttpResponse:
    do = request.POST.get("do", "")
    context: dict[str, Any] = {"form": form, "article": article, "guide": guide, "error": None}
    status = 422 if form.errors else 200
    if request.method == "POST" and form.is_valid():
        if do == "preview":
            context["preview"] = as_html(form.cleaned_data["body"])
        else:
            try:
                version = _store(request, form, article, publish=do == "publish")
            except (ArticleChanged, ArticleNameTaken) as refused:
                context["error"], status = refused, refused.status
            else:
                said = _("Published. Readers see it now.") if do == "publish" else _("Kept. Readers do not see it yet.")
                messages.success(request, said)
                return redirect("helpdesk:article-edit", version.article.slug)
    if article is not None:
        history = articles.versions(article)
        context |= {"versions": history, "seen": history[0].number}
    if guide is not None:
        context["comments"] = articles.comments(request.staff.practice_id, guide.slug)
    return render(request, "helpdesk/article_edit.html", context, status=status)


def _store(request: StaffRequest, form: ArticleForm, article: Article | None, *, publish: bool) -> ArticleVersion:
    if article is None:
        return actions.create(draft=form.draft(), staff=request.staff, publish=publish, by=request.actor)
    seen = request.POST.get("seen", "")
    return actions.save(
        article=article,
        draft=form.draft(),
        seen=int(seen) if seen.isdecimal() else -1,
        publish=publish,
        by=request.actor,
    )


@require_POST
@writers
def shelf(request: StaffRequest, slug: str) -> HttpResponse:
    """Off the shelf, or back on it."""
    article = _own(request, slug)
    off = request.POST.get("off") == "1"
    actions.retire(article=article, on=off, by=request.actor)
    messages.success(request, _("Readers do not find it any more.") if off else _("Readers find it again."))
    return redirect("helpdesk:articles")


@require_http_methods(["GET", "POST"])
@writers
def version(request: StaffRequest, slug: str, number: int) -> HttpResponse:
    """An earlier text; POST publishes it again."""
    article = _own(request, slug)
    row = article.versions.filter(number=number).first()
    if row is None or not articles.may_write(request.staff, Audience(row.audience)):
        raise NotFound
    if request.method == "POST":
        actions.restore(article=article, number=number, by=request.actor)
        messages.success(request, _("Published again."))
        return redirect("helpdesk:article-edit", slug)
    return render(
        request, "helpdesk/article_version.html", {"article": article, "version": row, "html": as_html(row.body)}
    )


def _audiences(request: StaffRequest) -> list[Audience]:
    return [one for one in Audience if articles.may_write(request.staff, one)]


def _own(request: StaffRequest, slug: str) -> Article:
    article = articles.own_article(request.staff, slug)
    if article is None or not articles.may_write(request.staff, Audience(article.audience)):
        raise NotFound
    return article


def _readable(request: StaffRequest, slug: str, article: Article | None) -> Guide:
    """The article as it is read or, not on the shelf, as it was written last. Raises NotFound."""
    if article is None:
        return articles.guide(slug, *_audiences(request), practice_id=request.staff.practice_id)
    _own(request, slug)
    return articles.as_guide(articles.versions(article)[0])
