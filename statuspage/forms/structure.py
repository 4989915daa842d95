"""Components, groups, other ways, and the page itself."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from statuspage.enums import EntryPointKind

PRIORITIES = [("1", "1 – care stops without it"), ("2", "2 – care is harder without it"), ("3", "3 – everything else")]


class ComponentForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=160, error_messages={"required": _("Readers need a name, e.g. “Telehealth”.")}
    )
    description = forms.CharField(
        label=_("What it is, in a line"), max_length=300, required=False, help_text=_("Shown below the name.")
    )
    group_id = forms.ChoiceField(label=_("Group"), required=False)
    start_date = forms.DateField(
        label=_("Uptime counts from"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    clinical_priority = forms.TypedChoiceField(
        label=_("How care depends on it"), choices=PRIORITIES, coerce=int, initial=3
    )
    showcase = forms.BooleanField(label=_("Draw its uptime"), required=False, initial=True)
    only_show_if_degraded = forms.BooleanField(label=_("Show it only while something is wrong"), required=False)

    def __init__(self, *args: Any, groups: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["group_id"].choices = [("", _("No group")), *groups]  # type: ignore[attr-defined]


class GroupForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=160)
    description = forms.CharField(label=_("Description"), max_length=300, required=False)


class EntryPointForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=EntryPointKind.choices)
    title = forms.CharField(
        label=_("What to do"),
        max_length=120,
        error_messages={"required": _("Say it in a few words: “Call the office”.")},
    )
    target = forms.CharField(
        label=_("Address or number"), max_length=500, required=False, help_text=_("https://… or +1 555 010 0100")
    )
    text = forms.CharField(
        label=_("More words"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    check_url = forms.CharField(
        label=_("Address to check"),
        max_length=500,
        required=False,
        help_text=_("Asked every few minutes, so that readers see whether this way works. Empty: never checked."),
    )


class SettingsForm(forms.Form):
    name = forms.CharField(label=_("Name of the page"), max_length=160)
    time_zone = forms.ChoiceField(
        label=_("Time zone"), help_text=_("Days, months and times of maintenance are meant in this zone.")
    )
    support_text = forms.CharField(
        label=_("Help while care is affected"),
        max_length=300,
        required=False,
        help_text=_("Shown while telehealth or the portal is affected, e.g. a crisis line."),
    )
    undo_seconds = forms.IntegerField(
        label=_("Seconds to take a message back"),
        min_value=0,
        max_value=600,
        help_text=_("Mails wait this long after Publish. 0 sends at once."),
    )
    storm_people = forms.IntegerField(
        label=_("Hold and ask above so many messages"), min_value=0, max_value=10_000_000, help_text=_("0 never holds.")
    )
    storm_minutes = forms.IntegerField(label=_("within so many minutes"), min_value=1, max_value=1440)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = sorted(
            name for name in available_timezones() if "/" in name and not name.startswith(("posix", "right"))
        )
        self.fields["time_zone"].choices = [(name, name.replace("_", " ")) for name in zones]  # type: ignore[attr-defined]
