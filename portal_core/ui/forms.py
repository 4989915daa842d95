"""Django renders every form of the house through this renderer: label, hint, field, and the error beside it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms import BoundField
from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from portal_core.ui.templatetags.ui import icon

Widget = Mapping[str, Any]


class UiFormRenderer(DjangoTemplates):
    """`settings.FORM_RENDERER`. A whole form is drawn by `ui/forms/form.html`.

    A field and the commonest widgets are put together here: their templates include another one for every option and
    for the attributes of each, which made a page with four lists of kinds spend most of its time on them.
    """

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field"  # `_field` below, and no file

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> SafeString:
        if template_name == self.field_template_name:
            return mark_safe(_field(context["field"]))  # noqa: S308 - as below
        draw = DRAWN.get(template_name)
        if draw is not None:
            return mark_safe(draw(context["widget"]))  # noqa: S308 - every part went through `conditional_escape`
        return mark_safe(super().render(template_name, context, request))  # noqa: S308 - a template's


def _field(field: BoundField) -> str:
    """Label, hint, input, and the error beside it, for eyes and for screen readers alike."""
    if field.is_hidden:
        return str(field)
    kind = field.widget_type
    css = f"field field-{conditional_escape(kind)}{' field-invalid' if field.errors else ''}"
    label: str = conditional_escape(str(field.label))
    if not field.field.required:
        label += f' <span class="optional">{conditional_escape(gettext("optional"))}</span>'
    if field.use_fieldset:
        described = f' aria-describedby="{conditional_escape(text)}"' if (text := field.aria_describedby) else ""
        name = conditional_escape(field.auto_id)
        head = f'<fieldset class="{css}" id="{name}_field"{described}><legend>{label}</legend>'
        return f"{head}{_hint(field)}{_error(field)}{field}</fieldset>"
    target = conditional_escape(field.id_for_label)
    if kind == "checkbox":
        label = f'<label for="{target}">{conditional_escape(str(field.label))}</label>'
        return f'<div class="{css}">{_error(field)}<div class="check">{field} {label}</div>{_hint(field)}</div>'
    shown = f'<label for="{target}">{label}</label>' if field.label else ""
    return f'<div class="{css}">{shown}{_hint(field)}{_error(field)}{field}</div>'


def _hint(field: BoundField) -> str:
    if not field.help_text:
        return ""
    name = f' id="{conditional_escape(field.auto_id)}_helptext"' if field.auto_id else ""
    return f'<div class="hint"{name}>{conditional_escape(str(field.help_text))}</div>'


def _error(field: BoundField) -> str:
    if not field.errors:
        return ""
    name = f' id="{conditional_escape(field.auto_id)}_error"' if field.auto_id else ""
    text = " ".join(str(conditional_escape(str(one))) for one in field.errors)
    return f'<div class="error"{name}>{icon("tone-danger")}<span>{text}</span></div>'


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
