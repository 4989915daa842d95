"""What the status page knows, said on the contact form before somebody writes (SP-06)."""

from helpdesk.contracts import KnownProblem
from helpdesk.enums import Category
from statuspage import queries as statuspage
from triage.rules.components import COMPONENTS


def from_status_page() -> list[KnownProblem]:
    """Active incidents with the kinds of request they explain; one that explains none is left to the banner."""
    incidents = statuspage.active_incidents()
    if not incidents:
        return []
    slugs = {row.id: row.slug for row in statuspage.components()}
    problems = []
    for incident in incidents:
        hit = {slugs.get(component) for component in incident.component_ids}
        explained = frozenset(category for category in Category if hit & set(COMPONENTS[category]))
        if explained:
            problems.append(KnownProblem(title=incident.name, url=incident.url, categories=explained))
    return problems
