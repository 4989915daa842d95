"""What a program sends to `/api/v2/subscribers.json`, as a form or as JSON (research §2.1)."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import AppError, Invalid
from statuspage.enums import Way
from statuspage.queries import scopes
from statuspage.rules.addresses import Unusable, normalise

FIELDS = ("email", "endpoint", "phone_number", "phone_country", "component_id", "incident", "incident_id")


class Unreadable(AppError):
    code = "unreadable"
    status = 400
    message = _("We cannot read this body. Send a form or JSON, in UTF-8.")


class Wish(NamedTuple):
    """A subscription somebody asks for; `mode` is Statuspage's word for the way."""

    way: str
    mode: str
    address: str
    contact: str
    component_ids: tuple[str, ...]
    group_ids: tuple[str, ...]
    incident_id: str


def fields_of(request: HttpRequest) -> dict[str, str]:
    """The values of `subscriber[…]`, or of `{"subscriber": {…}}`. Raises Unreadable, Invalid."""
    if request.content_type != "application/json":
        return {name: request.POST.get(f"subscriber[{name}]", "").strip() for name in FIELDS}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Unreadable from error
    given = body.get("subscriber") if isinstance(body, Mapping) else None
    if not isinstance(given, Mapping):
        raise Invalid(_('Send {"subscriber": {"email": "name@example.org"}}.'))
    return {name: _text(name, given.get(name)) for name in FIELDS}


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid(_("Every value of the subscriber has to be text."), field=name)
    text = str(value).strip()
    if not text.isprintable():  # also half a surrogate pair, which no database keeps
        raise Invalid(_("Only letters, digits and signs, please."), field=name)
    return text


class SubscriberForm(forms.Form):
    """One address by one way; a webhook besides needs a contact."""

    email = forms.CharField(required=False, max_length=254)
    endpoint = forms.CharField(required=False, max_length=500)
    phone_number = forms.CharField(required=False, max_length=40)
    phone_country = forms.RegexField(r"\A[A-Za-z]{2}\Z", required=False)
    component_id = forms.CharField(required=False, max_length=40)
    incident = forms.CharField(required=False, max_length=40)
    incident_id = forms.CharField(required=False, max_length=40)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return values
        way, mode, name = _way(values)
        values["wish"] = Wish(
            way=way,
            mode=mode,
            address=self._address(way, name, values[name], values["phone_country"]),
            contact=self._address(Way.EMAIL, "email", values["email"], "") if way == Way.WEBHOOK else "",
            **self._scope(values),
        )
        return values

    def _address(self, way: str, name: str, text: str, country: str) -> str:
        if not text:
            self.add_error(name, _MISSING[name])
            return ""
        try:
            return normalise(way, text, region=(country or "us").upper())
        except Unusable:
            self.add_error(name, _UNUSABLE[name])
            return ""

    def _scope(self, values: Mapping[str, str]) -> dict[str, Any]:
        components: tuple[str, ...] = ()
        groups: tuple[str, ...] = ()
        if values["component_id"]:
            components, groups = scopes.component_or_group(values["component_id"])
            if not components and not groups:
                self.add_error("component_id", _("There is no component with this id. See /api/v2/components.json."))
        incident_id = values["incident_id"] or values["incident"]
        if incident_id and not scopes.incident_exists(incident_id):
            self.add_error("incident_id", _("There is no incident with this id. See /api/v2/incidents.json."))
        return {"component_ids": components, "group_ids": groups, "incident_id": incident_id}


def _way(values: Mapping[str, str]) -> tuple[str, str, str]:
    """(way, mode, name of the field with the address)"""
    if values["endpoint"]:
        return Way.WEBHOOK, "webhook", "endpoint"
    if values["phone_number"]:
        return Way.SMS, "sms", "phone_number"
    return Way.EMAIL, "email", "email"


_MISSING = {
    "email": _("An e-mail address is needed: the one to write to, or for a webhook the one to write to when it fails."),
}
_UNUSABLE = {
    "email": _("This is no e-mail address we can write to."),
    "endpoint": _("The endpoint has to be an https address of a public host, without a user name."),
    "phone_number": _("This is no number that can get text messages. Send +1 555 0100, or the country besides."),
}
