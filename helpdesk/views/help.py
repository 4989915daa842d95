from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from helpdesk import articles
from helpdesk.actions import articles as actions
from helpdesk.enums import Category
from helpdesk.forms import FeedbackForm, HelpSearchForm
from helpdesk.rules.guides import Guide, rank
from portal_core.directory.guards import PublicRequest, StaffRequest, public_page
from portal_core.kernel import idempotency
from portal_core.kernel.http import ratelimit
from portal_core.kernel.ids import new_public_id

FOUND = 8


@public_page
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: PublicRequest) -> HttpResponse:
    """Help: internet, status page, tips, and only then Contact us (SP-06, HD-03). What somebody looks for is posted: it
    may be about their health."""
    form = HelpSearchForm(request.POST if request.method == "POST" else None)
    rows = articles.public_guides()
    context: dict[str, object] = {"form": form}
    if form.is_bound and form.is_valid() and form.cleaned_data["q"].strip():
        text = form.cleaned_data["q"]
        context |= {"text": text, "found": rank(rows, text, limit=FOUND)}
    else:
        context["articles"] = rows
    return render(request, "helpdesk/help.html", context)


@public_page
@require_safe
def article(request: PublicRequest, slug: str) -> HttpResponse:
    return _article(request, slug, FeedbackForm())


@public_page
@require_safe
def for_topic(request: PublicRequest, topic: str) -> HttpResponse:
    """The help for what somebody is doing (PC-55): pages link here by the name of the task, and land on all help where
    the practice has put the article away."""
    return lead_to(
        articles.on_topic(topic, articles.TOPICS, articles.public_guides()), "helpdesk:article", "helpdesk:help"
    )


def lead_to(found: tuple[Guide | None, str], article: str, otherwise: str) -> HttpResponse:
    guide, anchor = found
    if guide is None:
        return redirect(otherwise)
    return redirect(reverse(article, args=[guide.slug]) + (f"#{anchor}" if anchor else ""))


@public_page
@require_POST
def feedback(request: PublicRequest, slug: str) -> HttpResponse:
    """ "Did this help?" Kept without a name; twenty an hour from one place."""
    guide = articles.public_guide(slug)
    form = FeedbackForm(request.POST)
    if not form.is_valid():
        return _article(request, slug, form, status=422)
    ratelimit.hit("helpdesk:feedback", ratelimit.client_address(request), limit=20, per=3600)
    record_feedback(request, form, guide, articles.site_practice())
    helped = form.cleaned_data["helped"] == "yes"
    messages.success(
        request, _("Good to hear. Thank you.") if helped else _("Thank you. Write to us, and we help you in person.")
    )
    return redirect("helpdesk:article", slug)


@public_page
@never_cache
@require_POST
def suggest(request: PublicRequest) -> HttpResponse:
    """The articles that fit what somebody is writing on the contact form; nothing of it is kept."""
    ratelimit.hit("helpdesk:suggest", ratelimit.client_address(request), limit=900, per=3600)
    found = rank(articles.public_guides(), typed_text(request), category=typed_category(request))
    return render(request, "helpdesk/parts/suggestions.html", {"found": found, "url_name": "helpdesk:article"})


def typed_text(request: HttpRequest) -> str:
    return " ".join(request.POST.get(name, "") for name in ("error_text", "body", "text", "note"))[:4000]


def typed_category(request: HttpRequest) -> str:
    chosen = request.POST.get("category", "")
    return chosen if chosen in Category.values else ""


def record_feedback(
    request: PublicRequest | StaffRequest, form: FeedbackForm, guide: Guide, practice_id: int | None
) -> None:
    """Once for one press of the button."""

    def deed() -> str:
        row = actions.rate(
            guide=guide,
            practice_id=practice_id,
            helped=form.cleaned_data["helped"] == "yes",
            comment=form.cleaned_data["comment"],
            by=request.actor,
        )
        return str(row.pk)

    idempotency.once(f"helpdesk:feedback:{guide.slug}", request.POST.get("idempotency_key") or new_public_id(), deed)


def _article(request: PublicRequest, slug: str, form: FeedbackForm, *, status: int = 200) -> HttpResponse:
    guide = articles.public_guide(slug)
    context = {"article": guide, "about": guide.about, "form": form}
    return render(request, "helpdesk/article.html", context, status=status)
