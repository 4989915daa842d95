from statuspage.models.authoring import Draft, Template
from statuspage.models.fan_out import FanOut
from statuspage.models.incident import (
    AudienceText,
    Immutable,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    MaintenanceSeries,
    Postmortem,
    UpdateRevision,
)
from statuspage.models.page import Component, ComponentGroup, ComponentStateChange, EntryPoint, Measurement, Page
from statuspage.models.snapshot import Snapshot
from statuspage.models.subscriber import Subscriber, SubscriberImport, SubscriberImportPart, indexes_of, vault

__all__ = [
    "AudienceText",
    "Component",
    "ComponentGroup",
    "ComponentStateChange",
    "Draft",
    "EntryPoint",
    "FanOut",
    "Immutable",
    "Incident",
    "IncidentComponent",
    "IncidentUpdate",
    "MaintenanceSeries",
    "Measurement",
    "Page",
    "Postmortem",
    "Snapshot",
    "Subscriber",
    "SubscriberImport",
    "SubscriberImportPart",
    "Template",
    "UpdateRevision",
    "indexes_of",
    "vault",
]
