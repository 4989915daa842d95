from django.urls import path

from statuspage.views import api, break_glass, console, public, subscriptions

app_name = "statuspage"

DOCUMENTS = (
    "api/v2/summary.json",
    "api/v2/status.json",
    "api/v2/components.json",
    "api/v2/incidents.json",
    "api/v2/incidents/unresolved.json",
    "api/v2/scheduled-maintenances.json",
    "api/v2/scheduled-maintenances/upcoming.json",
    "api/v2/scheduled-maintenances/active.json",
    "api/v2/openapi.json",
    "history.atom",
    "history.rss",
    "history.json",
    "maintenance.ics",
)

urlpatterns = [
    path("status/", public.page, name="page"),
    path("status/history/", public.history, name="history"),
    path("status/incidents/<str:incident_id>/", public.incident, name="incident"),
    path("status/break-glass/", break_glass.break_glass, name="break-glass"),
    path("status/subscribe/", subscriptions.subscribe, name="subscribe"),
    path("status/subscribe/done/", subscriptions.subscribe_done, name="subscribe-done"),
    path("status/confirm/<str:token>/", subscriptions.confirm, name="confirm"),
    path("status/manage/<str:token>/", subscriptions.manage, name="manage"),
    path("status/unsubscribe/<str:token>/", subscriptions.unsubscribe, name="unsubscribe"),
    path("status/api/", api.documentation, name="api-documentation"),
    path("status/components/<str:component_id>/maintenance.ics", api.component_calendar, name="component-calendar"),
    path("status/calendar/<str:token>/maintenance.ics", api.own_calendar, name="own-calendar"),
    path("api/v2/subscribers.json", api.subscribe, name="api-subscribe"),
    path("api/v2/subscribers/<str:handle>.json", api.cancel, name="api-cancel"),
    path("api/v2/subscriptions/<str:handle>/resend_confirmation", api.resend_confirmation, name="api-resend"),
    *(path(name, api.document, {"path": name}, name=name.replace("/", "-")) for name in DOCUMENTS),
    *console.urlpatterns,
]
