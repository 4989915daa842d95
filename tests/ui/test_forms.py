"""Forms: the label, the hint and the error belong to the field, for eyes and for screen readers alike."""

from django import forms
from django.forms.renderers import DjangoTemplates
from django.utils.safestring import mark_safe

from portal_core.ui.forms import UiFormRenderer
from tests.ui.factories import draw

HOSTILE = "<script>alert(1)</script>"


class Call(forms.Form):
    name = forms.CharField(label="Your name", help_text="As on your card")
    office = forms.ChoiceField(label="Office", choices=[("n", "North"), ("s", "South")], widget=forms.RadioSelect)
    agree = forms.BooleanField(label="I agree", help_text="You can change this later")
    note = forms.CharField(label="Note", required=False)
    key = forms.CharField(widget=forms.HiddenInput, required=False)

    def clean(self):
        raise forms.ValidationError("The office is closed on that day.")


def test_field_ties_hint_and_error_to_the_input():
    drawn = draw("{% field form.name %}", form=Call({"name": ""}))
    assert '<label for="id_name">' in drawn
    assert 'aria-invalid="true"' in drawn
    assert 'aria-describedby="id_name_helptext id_name_error"' in drawn
    assert '<div class="hint" id="id_name_helptext">As on your card</div>' in drawn
    assert 'class="error" id="id_name_error"' in drawn
    assert "This field is required." in drawn


def test_optional_fields_are_marked_and_required_ones_are_not():
    form = Call()
    assert '<span class="optional">optional</span>' in draw("{% field form.note %}", form=form)
    assert "optional" not in draw("{% field form.name %}", form=form)


def test_choices_are_a_named_group():
    drawn = draw("{% field form.office %}", form=Call({"name": "x"}))
    assert drawn.startswith('<fieldset class="field field-radioselect field-invalid"')
    assert "<legend>" in drawn
    assert 'aria-describedby="id_office_error"' in drawn


def test_a_checkbox_stands_before_its_label():
    drawn = draw("{% field form.agree %}", form=Call({}))
    assert drawn.index('type="checkbox"') < drawn.index('<label for="id_agree">')
    assert drawn.count('id="id_agree_helptext"') == 1
    assert drawn.count('id="id_agree_error"') == 1


def test_keyword_arguments_become_attributes():
    drawn = draw('{% field form.note autocomplete="off" data_x="1" inputmode="numeric" %}', form=Call())
    assert 'autocomplete="off"' in drawn
    assert 'data-x="1"' in drawn
    assert 'inputmode="numeric"' in drawn


def test_attributes_of_one_form_do_not_reach_the_next():
    draw('{% field form.note autocomplete="off" %}', form=Call())
    assert "autocomplete" not in draw("{% field form.note %}", form=Call())


def test_what_was_typed_comes_back_as_text():
    drawn = draw("{% field form.name %}", form=Call({"name": f'"{HOSTILE}'}))
    assert 'value="&quot;&lt;script&gt;alert(1)&lt;/script&gt;"' in drawn
    assert "<script" not in drawn


def test_error_summary_links_to_each_field():
    drawn = draw("{% form_errors form %}", form=Call({"name": "x", "agree": "on"}))
    assert 'role="alert" tabindex="-1" data-error-summary' in drawn
    assert "<li>The office is closed on that day.</li>" in drawn
    assert '<a href="#id_office">Office: This field is required.</a>' in " ".join(drawn.split())
    assert 'id="id_office"' in draw("{% field form.office %}", form=Call({}))


def test_no_summary_before_anything_was_sent():
    assert draw("{% form_errors form %}", form=Call()) == ""


def test_a_whole_form_draws_every_field_and_the_hidden_ones():
    drawn = str(Call())
    assert all(f'name="{name}"' in drawn for name in ("name", "office", "agree", "note", "key"))
    assert "error-summary" not in drawn


class Everything(forms.Form):
    text = forms.CharField(required=False, widget=forms.TextInput(attrs={"autofocus": True, "list": False}))
    number = forms.IntegerField(min_value=1)
    email = forms.EmailField()
    secret = forms.CharField(widget=forms.PasswordInput)
    key = forms.CharField(widget=forms.HiddenInput)
    day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}))
    long = forms.CharField(widget=forms.Textarea(attrs={"rows": 2, "data-x": HOSTILE}))
    kind = forms.ChoiceField(
        choices=[("", "Any"), ("a", HOSTILE), ("Group & co", [(1, "One"), (2, mark_safe("<b>Two</b>"))])]
    )


def test_widgets_drawn_here_are_those_of_django():
    """Spaces between options apart, every widget is what Django's own template makes of it, hostile text and all."""

    def drawn(renderer, **values):
        form = Everything({name: values.get(name, HOSTILE) for name in Everything.base_fields} | values)
        form.renderer = renderer
        return ["".join(str(form[name]).split()) for name in form.fields]

    for values in ({}, {"kind": "2", "number": 7, "day": "2026-03-01", "text": "", "long": ""}):
        assert drawn(UiFormRenderer(), **values) == drawn(DjangoTemplates(), **values)
    unbound = [
        "".join(str(Everything(renderer=renderer())[name]).split())
        for renderer in (UiFormRenderer, DjangoTemplates)
        for name in Everything.base_fields
    ]
    assert unbound[: len(unbound) // 2] == unbound[len(unbound) // 2 :]
