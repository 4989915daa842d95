"""`{{ name }}` in prepared texts: a few known variables and nothing else, no logic, no markup."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from statuspage.errors import VariableOpen, VariableUnknown

# What an operator may put into a template, and what the console asks for when it is used.
VARIABLES: dict[str, str] = {
    "components": "the parts that are touched, e.g. Telehealth, Patient portal",
    "start": "when it begins or began, e.g. Sunday 22:00 EST",
    "end": "when it ends, e.g. Monday 02:00 EST",
    "next_update": "when readers hear more, e.g. 14:30 EST",
    "workaround": "what people can do meanwhile",
    "cause": "what the reason is, in plain words",
    "page_name": "the name of the status page",
}
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")


def variables(text: str) -> tuple[str, ...]:
    """The names used in `text`, each once, in the order they appear, known or not."""
    return tuple(dict.fromkeys(name.strip() for name in _VARIABLE.findall(text)))


def check(text: str) -> None:
    """Raises VariableUnknown, naming the first variable that does not exist and those that do."""
    for name in variables(text):
        if name not in VARIABLES:
            raise VariableUnknown(
                _("There is no variable {{ %(name)s }}. You can use: %(known)s.")
                % {"name": name, "known": ", ".join(VARIABLES)}
            )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in. A known variable without a value stays as it is: the author fills it in by hand, and nothing
    is published while one stands. A value is never read as a template. Raises VariableUnknown."""
    check(text)
    return _VARIABLE.sub(lambda found: values.get(found[1].strip(), "").strip() or found[0], text)


def refuse_open(text: str) -> None:
    """Raises VariableOpen if a variable still stands in a text that is about to be published."""
    left = variables(text)
    if left:
        raise VariableOpen(_("Replace {{ %(name)s }} with your own words first.") % {"name": left[0]})
