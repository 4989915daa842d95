"""Django renders every form of the house through this renderer: label, hint, field, and the error beside it."""

from django.forms.renderers import DjangoTemplates


class UiFormRenderer(DjangoTemplates):
    """`settings.FORM_RENDERER`. A field is drawn by `ui/forms/field.html`, a whole form by `ui/forms/form.html`."""

    form_template_name = "ui/forms/form.html"
    field_template_name = "ui/forms/field.html"
