"""`{% load console %}`: the sub-navigation of the operators' console."""

from django import template
from django.template import Context

from statuspage.views.console.frame import Tab, tabs

register = template.Library()


@register.simple_tag(takes_context=True)
def console_tabs(context: Context) -> list[Tab]:
    """{% console_tabs as tabs %}: the pages of the console, the present one marked."""
    request = context.get("request")
    return tabs(request.path) if request is not None else []
