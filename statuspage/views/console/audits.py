"""Who did what to the status page: the ledger, read only."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from statuspage.queries import desk
from statuspage.views.console import frame, sentences

SUBJECTS = (("publishing", "Publishing"), ("page", "The page"), ("subscribers", "Subscribers"))
PER_PAGE = 50


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def index(request: StaffRequest) -> HttpResponse:
    subject = request.GET.get("about", "")
    subject = subject if subject in dict(SUBJECTS) else "publishing"
    page = Paginator(desk.audit_lines(subject), PER_PAGE).get_page(request.GET.get("page"))
    rows = [(line, sentences.of(line)) for line in page.object_list]
    return frame.page(request, "audit", {"page": page, "rows": rows, "subject": subject, "subjects": SUBJECTS})
