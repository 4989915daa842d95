"""Moments as operators type them: local times of the page's own zone, whatever the server's is."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone


class PageTimeField(forms.DateTimeField):
    """A date and a time in the zone of the page (`zone`, set by the form); cleaned to an aware moment. A time that the
    clocks skip or repeat there is refused by name."""

    zone = "Etc/UTC"

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> dt.datetime | None:
        with timezone.override(self.zone):
            return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        with timezone.override(self.zone):
            return super().prepare_value(value)


def place(form: forms.Form, zone: str) -> None:
    """Tell all moments of `form` which zone they are in, and say so beside them."""
    for field in form.fields.values():
        if isinstance(field, PageTimeField):
            field.zone = zone
            field.help_text = f"{field.help_text} Time zone: {zone}.".strip()
