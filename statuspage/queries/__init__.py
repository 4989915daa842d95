"""What other apps and the console may know. The public page itself is derived from `facts`."""

from statuspage.queries import authoring
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
from statuspage.queries.facts import facts, incident_facts

__all__ = [
    "active_incidents",
    "authoring",
    "components",
    "facts",
    "incident",
    "incident_facts",
    "incident_rows",
    "maintenances",
    "recent_incidents",
    "summarise_component",
    "summarise_incident",
    "updates_of",
    "words_of",
]
