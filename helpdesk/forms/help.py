"""Finding help and files, judging an article, and writing one."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from helpdesk.contracts import ArticleDraft
from helpdesk.enums import Audience, Category


class HelpSearchForm(forms.Form):
    """What somebody looks for in the help."""

    q = forms.CharField(label=_("What do you need help with?"), max_length=300, required=False)


class FileSearchForm(forms.Form):
    """A part of the name of a file. Posted: it may be about somebody's health."""

    q = forms.CharField(label=_("Find a file by its name"), max_length=120)


class FeedbackForm(forms.Form):
    """ "Did this help?" """

    helped = forms.ChoiceField(choices=[("yes", "yes"), ("no", "no")])
    comment = forms.CharField(
        label=_("What was missing?"),
        help_text=_("No names and nothing medical, please."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )


class ArticleForm(forms.Form):
    """A help article as its writer sees it."""

    title = forms.CharField(label=_("Title"), max_length=120, help_text=_("As the reader would say it."))
    slug = forms.SlugField(
        label=_("Short name"), max_length=60, help_text=_("Stands in the address, for example: cannot-print.")
    )
    audience = forms.ChoiceField(label=_("For whom?"))
    summary = forms.CharField(label=_("In one sentence"), max_length=240)
    body = forms.CharField(
        label=_("Text"),
        help_text=_("Markdown: ## heading, 1. step, **bold**, [words](/address/), tables with |."),
        max_length=20000,
        widget=forms.Textarea(attrs={"rows": 18, "spellcheck": "true"}),
    )
    categories = forms.MultipleChoiceField(
        label=_("Offered with these kinds of request"),
        required=False,
        choices=Category.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    note = forms.CharField(label=_("What did you change?"), max_length=160, required=False)

    def __init__(self, *args: Any, audiences: "Sequence[Audience]", fixed_slug: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["audience"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.value, one.label) for one in audiences]
        if fixed_slug:
            del self.fields["slug"]
        self.fixed_slug = fixed_slug

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"].lower()
        if slug in ("suggest", "new"):
            raise forms.ValidationError(_("Choose another short name."))
        return slug

    def draft(self) -> ArticleDraft:
        got = self.cleaned_data
        return ArticleDraft(
            slug=self.fixed_slug or got["slug"],
            audience=Audience(got["audience"]),
            title=got["title"],
            summary=got["summary"],
            body=got["body"],
            categories=tuple(got["categories"]),
            note=got["note"],
        )
