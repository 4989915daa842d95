from statuspage.models.incident import Immutable, Incident, IncidentComponent, IncidentUpdate
from statuspage.models.page import Component, ComponentGroup, ComponentStateChange, Page
from statuspage.models.snapshot import Snapshot
from statuspage.models.subscriber import Subscriber, vault

__all__ = [
    "Component",
    "ComponentGroup",
    "ComponentStateChange",
    "Immutable",
    "Incident",
    "IncidentComponent",
    "IncidentUpdate",
    "Page",
    "Snapshot",
    "Subscriber",
    "vault",
]
