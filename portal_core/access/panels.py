from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.template.loader import render_to_string

from portal_core.access import queries

if TYPE_CHECKING:
    from portal_core.directory.models import Patient


def portal_status_panel(request: HttpRequest, *, patient: "Patient") -> str:
    """The portal status on a patient's page: shape, colour and word, the reasons, and what to do (PC-24 to PC-32)."""
    status = queries.portal_status(patient)
    context = {
        "status": status,
        "patient": patient,
        "attempts": queries.last_attempts(patient),
    }
    return render_to_string("access/panel.html", context, request=request)


def photo_status(request: HttpRequest, *, patient: "Patient") -> str:
    """The secure-message icon in the photo block: the status at a glance (PC-24)."""
    return render_to_string("access/photo.html", {"status": queries.portal_status(patient)}, request=request)
