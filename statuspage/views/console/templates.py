"""Texts prepared on a calm day."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal_core.directory.enums import Permission
from portal_core.directory.guards import StaffRequest, staff_page
from portal_core.kernel.errors import Invalid
from statuspage.actions import templates
from statuspage.forms.authoring import TemplateForm
from statuspage.forms.composing import KeepOrChoose
from statuspage.queries import authoring, desk
from statuspage.rules import templating
from statuspage.views.console import frame


@require_safe
@staff_page(Permission.STATUS_PUBLISH)
def index(request: StaffRequest) -> HttpResponse:
    return frame.page(request, "templates", {"rows": authoring.templates()})


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page(Permission.STATUS_PUBLISH)
def template(request: StaffRequest, template_id: str = "") -> HttpResponse:
    """A new template or a known one; “Check” shows it with its variables filled in by examples."""
    row = authoring.template(template_id) if template_id else None
    initial: dict[str, Any] = {}
    if row is not None:
        initial = {"title": row.title, "kind": row.kind, "name": row.name, "body": row.body, "status": row.status}
        initial |= {f"component_{key}": status or KeepOrChoose.LEAVE for key, status in row.components.items()}
    form = TemplateForm(request.POST if request.method == "POST" else None, initial=initial)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid() and request.POST.get("do") == "check":
            status = 200
        elif form.is_valid():
            try:
                _save(request, form, template_id)
            except Invalid as refusal:
                form.add_error("body", str(refusal))
            else:
                messages.success(request, "Kept. It can be used from now on.")
                return redirect("statuspage:console-templates")
    context = {"form": form, "row": row, "variables": templating.VARIABLES, "example": _example(form)}
    return frame.page(request, "template", context, status=status)


@require_POST
@staff_page(Permission.STATUS_PUBLISH)
def archive(request: StaffRequest, template_id: str) -> HttpResponse:
    templates.archive(template_id=template_id, by=request.actor)
    messages.success(request, "Put away.")
    return redirect("statuspage:console-templates")


def _save(request: StaffRequest, form: TemplateForm, template_id: str) -> None:
    values = form.cleaned_data
    templates.save(
        title=values["title"], body=values["body"], name=values["name"], kind=values["kind"], status=values["status"],
        components=form.chosen(), template_id=template_id, by=request.actor,
    )  # fmt: skip


def _example(form: TemplateForm) -> tuple[str, str] | None:
    """Name and message with every variable filled in by its example."""
    typed = form.data if form.is_bound else form.initial
    page = desk.page()
    values = {name: text.rpartition("e.g. ")[2] for name, text in templating.VARIABLES.items()}
    values["page_name"] = page.name if page is not None else ""
    try:
        name, body = (templating.fill(str(typed.get(key, "")), values) for key in ("name", "body"))
    except Invalid:
        return None
    return (name, body) if name or body else None
