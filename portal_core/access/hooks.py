"""What other rooms send to a patient: the Patient Portal tab tells of each letter what became of it (PC-58)."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from django.utils.functional import Promise

if TYPE_CHECKING:
    from portal_core.directory.models import Patient

Letters = Callable[["Patient"], Iterable[str]]
_providers: list[Letters] = []
_names: dict[str, str | Promise] = {}


def also_sent(provider: Letters, names: Mapping[str, str | Promise]) -> None:
    """Register in `ready()`: `provider(patient)` gives further recipient keys under which the patient is written to, in
    one query; `names` are what an office would call the letters, by template."""
    _providers.append(provider)
    _names.update(names)


def keys_of(patient: "Patient") -> list[str]:
    """Every recipient key under which this patient is written to."""
    return [f"patient:{patient.public_id}", *(key for provider in _providers for key in provider(patient))]


def name_of(template: str) -> str:
    """What the room that sends it calls a letter; "" for one that nobody registered."""
    return str(_names.get(template, ""))
