"""Prepared answers: `{{ name }}` for a few known facts and nothing else, no logic, no markup."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from triage.errors import VariableRefused

VARIABLES: dict[str, str] = {
    "reference": "the number of the request, e.g. K7M2-9QF",
    "office": "the name of the office",
    "office_phone": "the office's phone number",
    "my_name": "the first name of the one who answers",
    "status_page": "the address of the status page",
}
# Who somebody is, is exactly what an answer to an unproved address must not tell (HD-02, §2.3).
NEVER = frozenset({"first_name", "last_name", "name", "patient", "patient_name", "birth_date", "dob", "email", "mrn"})
_VARIABLE = re.compile(r"\{\{([^{}]*)\}\}")


def variables(text: str) -> tuple[str, ...]:
    """The names used in `text`, each once, in their order, known or not."""
    return tuple(dict.fromkeys(name.strip() for name in _VARIABLE.findall(text)))


def check(text: str) -> None:
    """Raises VariableRefused for the first variable that does not exist, or that would name the patient."""
    for name in variables(text):
        if name.lower() in NEVER:
            raise VariableRefused(
                _("{{ %(name)s }} would name the patient to whoever reads the answer. Leave it out.") % {"name": name}
            )
        if name not in VARIABLES:
            raise VariableRefused(
                _("There is no variable {{ %(name)s }}. You can use: %(known)s.")
                % {"name": name, "known": ", ".join(VARIABLES)}
            )


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put the values in. What has none stays as it stands, to be seen and filled in by hand. A value is never read as
    a template."""
    return _VARIABLE.sub(lambda found: values.get(found[1].strip(), "") or found[0], text)
