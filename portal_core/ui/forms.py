"""Django renders every form of the house through this renderer: label, hint, field, and the error beside it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

Widget = Mapping[str, Any]


class UiFormRenderer(DjangoTemplates):
    """`settings.FORM_RENDERER`. A field is drawn by `ui/forms/field.html`, a whole form by `ui/forms/form.html`.

    The commonest widgets are put together here: their templates include another one for every option and for the
    attributes of each, which made a list of forty kinds dearer than the rest of its page.
    """

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        draw = DRAWN.get(template_name)
        if draw is not None:
            return mark_safe(draw(context["widget"]))  # noqa: S308 - every part went through `conditional_escape`
        return mark_safe(super().render(template_name, context, request))  # noqa: S308 - a template's


def _attrs(widget: Widget) -> str:
    parts = []
    for name, value in widget["attrs"].items():
        if value is True:
            parts.append(f" {conditional_escape(name)}")
        elif value is not False:
            parts.append(f' {conditional_escape(name)}="{conditional_escape(str(value))}"')
    return "".join(parts)


def _input(widget: Widget) -> str:
    value = widget["value"]
    shown = f' value="{conditional_escape(str(value))}"' if value is not None else ""
    kind, name = conditional_escape(widget["type"]), conditional_escape(widget["name"])
    return f'<input type="{kind}" name="{name}"{shown}{_attrs(widget)}>'


def _textarea(widget: Widget) -> str:
    text = conditional_escape(str(widget["value"])) if widget["value"] else ""
    return f'<textarea name="{conditional_escape(widget["name"])}"{_attrs(widget)}>\n{text}</textarea>'


def _select(widget: Widget) -> str:
    parts = [f'<select name="{conditional_escape(widget["name"])}"{_attrs(widget)}>']
    for group, options, _index in widget["optgroups"]:
        if group:
            parts.append(f'<optgroup label="{conditional_escape(str(group))}">')
        parts.extend(_option(one) for one in options)
        if group:
            parts.append("</optgroup>")
    return "".join([*parts, "</select>"])


def _option(option: Widget) -> str:
    value, label = conditional_escape(str(option["value"])), conditional_escape(str(option["label"]))
    return f'<option value="{value}"{_attrs(option)}>{label}</option>'


_INPUTS = ("text", "number", "email", "url", "password", "hidden", "date", "time", "search", "tel", "input")
DRAWN: dict[str, Callable[[Widget], str]] = {
    "django/forms/widgets/select.html": _select,
    "django/forms/widgets/textarea.html": _textarea,
    **{f"django/forms/widgets/{kind}.html": _input for kind in _INPUTS},
}
