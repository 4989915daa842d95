from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from helpdesk.articles import ARTICLES, BY_SLUG
from portal_core.directory.guards import PublicRequest, public_page
from portal_core.kernel.errors import NotFound


@public_page
@require_safe
def index(request: PublicRequest) -> HttpResponse:
    """Help: internet, status page, tips, and only then Contact us (SP-06, HD-03)."""
    return render(request, "helpdesk/help.html", {"articles": ARTICLES})


@public_page
@require_safe
def article(request: PublicRequest, slug: str) -> HttpResponse:
    found = BY_SLUG.get(slug)
    if found is None:
        raise NotFound
    about = min(found.categories, default=None)
    return render(
        request, f"helpdesk/articles/{found.slug}.html", {"article": found, "about": about.value if about else ""}
    )
