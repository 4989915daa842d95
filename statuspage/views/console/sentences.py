"""The ledger in words: one sentence for each deed."""

from typing import Any

SENTENCES: dict[str, str] = {
    "incident:declare": "Declared an incident",
    "incident:update": "Posted an update",
    "incident:resolve": "Resolved the incident",
    "incident:correct": "Corrected the wording of a message",
    "incident:backfill": "Wrote down a past incident",
    "incident:check_overridden": "Published in spite of the check",
    "maintenance:schedule": "Planned a maintenance",
    "maintenance:edit": "Changed what is planned",
    "maintenance:reschedule": "Moved a maintenance",
    "maintenance:cancel": "Called a maintenance off",
    "maintenance:start": "Began a maintenance",
    "maintenance:complete": "Completed a maintenance",
    "maintenance:update": "Posted an update of a maintenance",
    "maintenance:remind": "Reminded subscribers",
    "series:create": "Planned a repeating maintenance",
    "series:edit": "Changed a repeating maintenance",
    "series:end": "Ended a repeating maintenance",
    "draft:begin": "Began a draft",
    "draft:schedule": "Set a time for a publication",
    "draft:unschedule": "Took a planned publication back",
    "draft:publish": "Published a draft",
    "draft:discard": "Discarded a draft",
    "draft:refused": "A planned publication was refused",
    "template:save": "Changed a template",
    "template:archive": "Put a template away",
    "postmortem:save": "Changed the postmortem",
    "postmortem:publish": "Published the postmortem",
    "component:set_state": "Set a component by hand",
    "status_page:set_up": "Set up the status page",
}


def of(line: Any) -> str:
    """The deed of an audit line in words; what has no sentence yet is named as it is."""
    said = SENTENCES.get(line.action) or line.action.replace("_", " ").replace(":", ": ").capitalize()
    return f"{said} ({detail})" if (detail := _detail(line.facts)) else said


def _detail(facts: dict[str, Any]) -> str:
    if "codes" in facts and "reason" in facts:
        return f"{', '.join(facts['codes'])}; {facts['reason'].replace('_', ' ')}"
    if "old" in facts and "new" in facts:
        return f"{facts['old']} → {facts['new']}".replace("_", " ")
    return ""
