"""What other apps and the console may know. The public page itself is derived from `facts`."""

from statuspage.queries import authoring
from statuspage.queries.audience import audience, followers_of
from statuspage.queries.events import (
    active_incidents,
    components,
    incident,
    incident_rows,
    maintenances,
    recent_incidents,
    summarise_component,
    summarise_incident,
    updates_of,
    words_of,
)
from statuspage.queries.facts import facts, incident_facts, month_facts
from statuspage.queries.lint import lint_facts

__all__ = [
    "active_incidents",
    "audience",
    "authoring",
    "components",
    "facts",
    "followers_of",
    "incident",
    "incident_facts",
    "incident_rows",
    "lint_facts",
    "maintenances",
    "month_facts",
    "recent_incidents",
    "summarise_component",
    "summarise_incident",
    "updates_of",
    "words_of",
]
