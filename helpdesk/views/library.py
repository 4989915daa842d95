"""The practice's own help: for offices and providers, for IT, and what patients read (PC-55)."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from helpdesk import articles
from helpdesk.forms import FeedbackForm, HelpSearchForm
from helpdesk.rules.guides import rank
from helpdesk.views.help import FOUND, lead_to, record_feedback, typed_category, typed_text
from portal_core.directory.guards import StaffRequest, staff_page


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@staff_page()
def index(request: StaffRequest) -> HttpResponse:
    form = HelpSearchForm(request.POST if request.method == "POST" else None)
    audiences, practice_id = articles.audiences_of(request.staff), request.staff.practice_id
    rows = articles.guides(*audiences, practice_id=practice_id)
    context: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid() and form.cleaned_data["q"].strip():
        text = form.cleaned_data["q"]
        context |= {"text": text, "found": rank(rows, text, limit=FOUND)}
    else:
        context["shelves"] = [(one.label, [row for row in rows if row.audience == one]) for one in audiences]
    return render(request, "helpdesk/library.html", context)


@require_GET
@staff_page()
def article(request: StaffRequest, slug: str) -> HttpResponse:
    return _article(request, slug, FeedbackForm())


@require_GET
@staff_page()
def for_topic(request: StaffRequest, topic: str) -> HttpResponse:
    """The practice's own help for what somebody at a desk is doing."""
    rows = articles.guides(*articles.audiences_of(request.staff), practice_id=request.staff.practice_id)
    found = articles.on_topic(topic, articles.DESK_TOPICS, rows)
    return lead_to(found, "helpdesk:library-article", "helpdesk:library")


@require_POST
@staff_page()
def feedback(request: StaffRequest, slug: str) -> HttpResponse:
    audiences, practice_id = articles.audiences_of(request.staff), request.staff.practice_id
    guide = articles.guide(slug, *audiences, practice_id=practice_id)
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return _article(request, slug, form, status=422)
    record_feedback(request, form, guide, practice_id)
    messages.success(request, _("Thank you. Whoever writes this article reads it."))
    return redirect("helpdesk:library-article", slug)


@never_cache
@require_POST
@staff_page()
def suggest(request: StaffRequest) -> HttpResponse:
    """While somebody writes a call or an answer down; nothing of it is kept."""
    rows = articles.guides(*articles.audiences_of(request.staff), practice_id=request.staff.practice_id)
    found = rank(rows, typed_text(request), category=typed_category(request))
    return render(request, "helpdesk/parts/suggestions.html", {"found": found, "url_name": "helpdesk:library-article"})


def _article(request: StaffRequest, slug: str, form: FeedbackForm, *, status: int = 200) -> HttpResponse:
    guide = articles.guide(slug, *articles.audiences_of(request.staff), practice_id=request.staff.practice_id)
    may_write = articles.may_write(request.staff, guide.audience)
    context = {"article": guide, "form": form, "may_write": may_write}
    return render(request, "helpdesk/library_article.html", context, status=status)
