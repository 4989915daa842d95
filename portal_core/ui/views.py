from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe

from portal_core.ui.gallery import exhibits


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front door: one choice for each kind of visitor. No session, no question asked."""
    return render(request, "ui/home.html")


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Browsers ask for this address whatever the page says."""
    return redirect(static("ui/icons/lantern.svg"), permanent=False)


@login_not_required
@require_safe
def gallery(request: HttpRequest) -> HttpResponse:
    """Every component in every state, for those who build pages. Not there in production."""
    if not (settings.DEMO or settings.DEBUG):
        raise Http404
    return render(request, "ui/gallery.html", {"exhibits": exhibits(request)})
