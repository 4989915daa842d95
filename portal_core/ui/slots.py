"""Places on a page that storeys above fill without the page knowing them: banners, panels, navigation."""

import inspect
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

logger = logging.getLogger(__name__)

Provider = Callable[..., str]
"""`(request) -> str`: safe HTML, or "" for nothing. What the page knows of (`{% slot "x" patient=patient %}`) is
handed over as keyword arguments to providers that name them."""


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of a navigation. `permission` is asked of the signed-in staff; None means everybody.

    `count` is an optional provider of a short text beside the title ("3"), "" for none; `shown` says whether this
    reader sees the link at all.
    """

    title: str
    url_name: str
    permission: str | None = None
    icon: str = ""
    order: int = 100
    count: Callable[[HttpRequest], str] | None = None
    shown: Callable[[HttpRequest], bool] | None = None


@dataclass(frozen=True, slots=True)
class NavItem:
    """A link as one reader sees it on one page."""

    title: str
    url: str
    icon: str
    current: bool
    count: str


@dataclass(frozen=True, slots=True)
class _Entry:
    order: int
    provider: Provider
    wants: frozenset[str] | None  # None: takes whatever there is


_providers: dict[str, list[_Entry]] = defaultdict(list)
_links: dict[str, list[Link]] = defaultdict(list)


def register(slot: str, provider: Provider, *, order: int = 100) -> None:
    """Fill `slot` with what `provider` returns; lower `order` first, then in the order of registration.

    Called in an app's `ready()`. The same provider twice counts once.
    """
    if any(entry.provider == provider for entry in _providers[slot]):
        return
    _providers[slot].append(_Entry(order, provider, _named_parameters(provider)))
    _providers[slot].sort(key=lambda entry: entry.order)


def render(slot: str, request: HttpRequest, **facts: Any) -> SafeString:
    """Everything registered for `slot`, in order.

    A provider that fails is left out and logged: a broken panel must not take the page away from the people who
    need the rest of it.
    """
    parts: list[str] = []
    for entry in _providers.get(slot, ()):
        known = facts if entry.wants is None else {name: facts[name] for name in facts if name in entry.wants}
        try:
            parts.append(entry.provider(request, **known))
        except Exception:
            logger.exception("slot %s: %r failed and was left out", slot, entry.provider)
    return mark_safe("".join(parts))  # noqa: S308 - providers return safe HTML by contract


def register_nav(area: str, link: Link) -> None:
    """Add a link to the navigation of `area` ("desk" or "portal"). The same link twice counts once."""
    if link not in _links[area]:
        _links[area].append(link)
        _links[area].sort(key=lambda known: known.order)


def nav(area: str, request: HttpRequest) -> list[NavItem]:
    """The links of `area` this reader may use. The one whose address fits the page best is marked current."""
    found: list[tuple[Link, str]] = []
    for link in _links.get(area, ()):
        if not _may_use(link, request):
            continue
        if any(link.url_name == known.url_name for known, _url in found):
            continue  # open by several permissions, shown once
        try:
            found.append((link, reverse(link.url_name)))
        except NoReverseMatch:
            logger.warning("nav %s: no page is called %s", area, link.url_name)
    here = _best_fit(request.path, (url for _link, url in found))
    return [
        NavItem(link.title, url, link.icon, url == here, link.count(request) if link.count else "")
        for link, url in found
    ]


def _named_parameters(provider: Provider) -> frozenset[str] | None:
    parameters = inspect.signature(provider).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    return frozenset(parameter.name for parameter in parameters)


def _may_use(link: Link, request: HttpRequest) -> bool:
    if link.shown is not None and not link.shown(request):
        return False
    if link.permission is None:
        return True
    staff = getattr(request, "staff", None)
    return staff is not None and bool(staff.may(link.permission))


def _best_fit(path: str, urls: Iterable[str]) -> str:
    return max((url for url in urls if path.startswith(url)), key=len, default="")
