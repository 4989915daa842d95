"""What a practice may change in the decision table, and what stands whatever it writes (TR-01 to TR-05).

An edit says only what differs from the row of `rules.table`. It is laid over that row in one direction: a check can be
made harder and never easier, an office step or a reason to relay can be added and never dropped, and no patient can be
sent to IT first. So an edit that slipped past its form, or that an update of the table overtook, is harmless.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from helpdesk.enums import STAFF_CATEGORIES, Category
from triage.enums import PATIENT_LEVELS, Level, OfficeStep, Owner, RelayReason
from triage.rules.table import ROUTES, Route

Table = Mapping[Category, Route]
Edits = Mapping[str, Mapping[str, Any]]
"""Category code → owner, level, steps, reasons, office_does, relay_when, as far as they differ from what ships."""

TEXT_MAX: Final = 300
FIXED_OWNER: Final = STAFF_CATEGORIES | {Category.CLINICAL_URGENT, Category.SEC_REPORT}
_SENDS_AWAY = re.compile(r"\b[Cc]all(?:s|ing)?\b[^.!?]{0,40}\b(?:support|help ?desk|IT)\b")
_TELLS_THEM = re.compile(
    r"\b(?:ask|tell|have|let|send|give)\b[^.!?]{0,40}\b(?:patient|them|caller)\b[^.!?]{0,40}\b"
    r"(?:support|help ?desk|(?-i:IT))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a row may not stand like this; `field` is the form's."""

    field: str
    text: str


def edited(base: Route, edit: Mapping[str, Any]) -> Route:
    """The row with the edit laid over it, as far as it may."""
    owner = edit.get("owner", base.owner)
    level = edit.get("level", base.level)
    steps = {*base.steps, *(OfficeStep(step) for step in edit.get("steps", ()) if step in OfficeStep.values)}
    reasons = {*base.reasons, *(RelayReason(one) for one in edit.get("reasons", ()) if one in RelayReason.values)}
    row = replace(
        base,
        owner=Owner(owner) if owner in Owner.values and not _owner_objection(base, owner) else base.owner,
        level=Level(level) if level in Level.values and not _level_objection(base, level) else base.level,
        reasons=tuple(reason for reason in RelayReason if reason in reasons) if base.reasons else (),
        office_does=_text(edit.get("office_does")) or base.office_does,
        relay_when=_text(edit.get("relay_when")) or base.relay_when,
    )
    if row.level != base.level and row.level not in (Level.R0, Level.R1):
        steps.add(OfficeStep.VERIFY_IDENTITY)
    return replace(row, steps=tuple(step for step in OfficeStep if step in steps and step != OfficeStep.RELAY))


def table(edits: Edits) -> Table:
    """The decision table of a practice; without edits, the one that ships."""
    if not edits:
        return ROUTES
    return {code: edited(row, edits[code]) if code in edits else row for code, row in ROUTES.items()}


def difference(base: Route, row: Route) -> dict[str, Any]:
    """The edit that makes `row` of `base`; empty when they are the same."""
    values: dict[str, Any] = {}
    if row.owner != base.owner:
        values["owner"] = str(row.owner)
    if row.level != base.level:
        values["level"] = str(row.level)
    if set(row.steps) != set(base.steps):
        values["steps"] = [str(step) for step in row.steps]
    if set(row.reasons) != set(base.reasons):
        values["reasons"] = [str(reason) for reason in row.reasons]
    if row.office_does != base.office_does:
        values["office_does"] = row.office_does
    if row.relay_when != base.relay_when:
        values["relay_when"] = row.relay_when
    return values


def objections(base: Route, edit: Mapping[str, Any]) -> tuple[Objection, ...]:
    """Everything in an edit that may not be; empty means it is taken as it stands."""
    found = []
    if "owner" in edit and (said := _owner_objection(base, edit["owner"])):
        found.append(Objection("owner", said))
    if "level" in edit and (said := _level_objection(base, edit["level"])):
        found.append(Objection("level", said))
    if "steps" in edit and not set(base.steps) <= set(edit["steps"]):
        found.append(Objection("steps", "Steps of the office can be added, not dropped (TR-04)."))
    if "reasons" in edit:
        if not set(base.reasons) <= set(edit["reasons"]):
            found.append(Objection("reasons", "Reasons to flag it to IT can be added, not dropped (TR-05)."))
        elif edit["reasons"] and not base.reasons:
            found.append(Objection("reasons", "This kind never goes to IT."))
    texts = {name: _text_objection(str(edit[name])) for name in ("office_does", "relay_when") if name in edit}
    return (*found, *(Objection(name, said) for name, said in texts.items() if said))


def levels_for(base: Route) -> tuple[Level, ...]:
    """What a practice may ask for: the shipped level or a harder one."""
    if base.level == Level.RS:
        return (Level.RS,)
    return PATIENT_LEVELS[PATIENT_LEVELS.index(base.level) :]


def owners_for(base: Route) -> tuple[Owner, ...]:
    if base.category in FIXED_OWNER:
        return (base.owner,)
    return tuple(owner for owner in Owner if owner != Owner.IT or base.owner == Owner.IT)


def _owner_objection(base: Route, owner: str) -> str:
    if owner in owners_for(base):
        return ""
    if base.category in FIXED_OWNER:
        return "Who is first here is fixed."
    return "Patients reach their office first, never IT (TR-02, TR-03)."


def _level_objection(base: Route, level: str) -> str:
    if level in levels_for(base):
        return ""
    if base.level == Level.RS:
        return "Colleagues are checked by call-back."
    return f"A check can be made harder, not easier than: {base.level.label} (TR-01)."


def _text_objection(text: str) -> str:
    if not text.strip():
        return "Say it in a sentence."
    if len(text) > TEXT_MAX:
        return f"At most {TEXT_MAX} characters."
    if _SENDS_AWAY.search(text) or _TELLS_THEM.search(text):
        return "Do not ask a patient to call support: take a message and relay it (TR-02)."
    return ""


def _text(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    return "" if _text_objection(text) else text
