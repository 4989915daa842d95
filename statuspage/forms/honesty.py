"""Forms whose words go out at once, without a composer around them: the same check, the same question for a reason."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage import queries
from statuspage.queries.lint import OVERRIDE_REASONS, Verdict, verdict


class HonestForm(forms.Form):
    """What must not go out stops it until the words are changed or a reason is chosen."""

    lint_reason = forms.ChoiceField(label=_("Publish it all the same?"), choices=OVERRIDE_REASONS, required=False)

    def look(self, *texts: str, name: str = "", **about: Any) -> Verdict:
        """The verdict on `texts`, as the public would read them; what stops becomes an error of this valid form.
        `about`: what `queries.lint_facts` is asked for."""
        reason = self.cleaned_data["lint_reason"]
        said = verdict("\n\n".join(texts), queries.lint_facts(**about), name=name, reason=reason)
        if said.blocked:
            self.add_error("lint_reason", _("Change the text, or say why it should go out as it is."))
        return said
