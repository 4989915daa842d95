"""`{% load console %}`: the sub-navigation of the operators' console, and repetitions in words."""

from dataclasses import dataclass

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse

from statuspage.rules import recurrence

register = template.Library()

# (name of the page, its address, its single key); what is not installed is left out.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("Now", "statuspage:console", "1"),
    ("Incidents", "statuspage:console-incidents", "2"),
    ("Maintenance", "statuspage:console-maintenances", "3"),
    ("Components", "statuspage:console-components", "4"),
    ("Templates", "statuspage:console-templates", "5"),
    ("Subscribers", "statuspage:console-subscribers", "6"),
    ("Deliveries", "statuspage:console-deliveries", "7"),
    ("Audit", "statuspage:console-audit", "8"),
    ("Settings", "statuspage:console-settings", "9"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    url: str
    key: str
    current: bool


def tabs(path: str) -> list[Tab]:
    """The sub-navigation as seen from `path`; the page that fits it best is the current one."""
    known: list[tuple[str, str, str]] = []
    for title, name, key in PAGES:
        try:
            known.append((title, reverse(name), key))
        except NoReverseMatch:
            continue
    here = max((url for _title, url, _key in known if path.startswith(url)), key=len, default="")
    return [Tab(title, url, key, url == here) for title, url, key in known]


@register.simple_tag(takes_context=True)
def console_tabs(context: Context) -> list[Tab]:
    """{% console_tabs as tabs %}: the pages of the console, the present one marked."""
    request = context.get("request")
    return tabs(request.path) if request is not None else []


@register.filter
def rule_words(rule: str) -> str:
    """{{ series.rule|rule_words }}: how often it comes back."""
    return recurrence.in_words(rule)
