"""Addresses of the operators' console."""

from django.urls import path

from statuspage.views.console import incidents

urlpatterns = [
    path("desk/status/", incidents.console, name="console"),
    path("desk/status/incidents/<str:incident_id>/", incidents.incident, name="console-incident"),
    path("desk/status/components/<str:component_id>/", incidents.component, name="console-component"),
]
