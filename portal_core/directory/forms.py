from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class HatForm(forms.Form):
    hat = forms.ChoiceField(label=_("I work now as"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, choices: list[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["hat"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
