from django.conf import settings
from django.urls import URLPattern, path

from statuspage.views import api, board, break_glass, inside, public, subscribers, subscriptions
from statuspage.views.console import urls as console

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


def pages(language: str) -> list[URLPattern]:
    """The public pages in one language: the default one at /status/, every other one below its code."""
    default = language == settings.LANGUAGE_CODE
    base, suffix = ("status/", "") if default else (f"status/{language}/", f"-{language}")
    kwargs = {} if default else {"language": language}
    return [
        path(base, public.page, kwargs, name=f"page{suffix}"),
        path(f"{base}history/", public.history, kwargs, name=f"history{suffix}"),
        path(f"{base}history/<str:month>/", public.month, kwargs, name=f"month{suffix}"),
        path(f"{base}incidents/<str:incident_id>/", public.incident, kwargs, name=f"incident{suffix}"),
        path(f"{base}uptime/", public.uptime, kwargs, name=f"uptime{suffix}"),
        path(f"{base}embed/", public.embed, kwargs, name=f"embed{suffix}"),
        path(f"{base}badge.svg", public.picture, {"path": f"{base}badge.svg"}, name=f"badge{suffix}"),
        path(f"{base}badge/<str:component_id>.svg", public.picture, kwargs, name=f"component-badge{suffix}"),
    ]


urlpatterns = [
    *(row for code, _name in settings.LANGUAGES for row in pages(code)),
    *(
        path(f"{name}{end}", public.moved, {"to": name})  # as Statuspage has them, with and without a slash
        for name in ("history", "uptime")
        for end in ("", "/")
    ),
    *(
        path(f"{noun}/<str:incident_id>{end}", public.moved, {"to": "incident"})
        for noun in ("incidents", "maintenance")
        for end in ("", "/")
    ),
    path("status/embed.js", public.picture, {"path": "status/embed.js"}, name="embed-script"),
    path("status/break-glass/", break_glass.break_glass, name="break-glass"),
    path("status/subscribe/", subscriptions.subscribe, name="subscribe"),
    path("status/subscribe/done/", subscriptions.subscribe_done, name="subscribe-done"),
    path("status/subscribe/code/<str:handle>/", subscriptions.code, name="subscribe-code"),
    path("status/confirm/<str:token>/", subscriptions.confirm, name="confirm"),
    path("status/manage/", subscriptions.manage_link, name="manage-link"),
    path("status/manage/<str:token>/", subscriptions.manage, name="manage"),
    path("status/manage/<str:token>/secret/", subscriptions.secret, name="manage-secret"),
    path("status/manage/<str:token>/challenge/", subscriptions.challenge, name="manage-challenge"),
    path("status/manage/<str:token>/again/", subscriptions.again, name="manage-again"),
    path("status/unsubscribe/<str:token>/", subscriptions.unsubscribe, name="unsubscribe"),
    path("status/api/", api.documentation, name="api-documentation"),
    path("status/components/<str:component_id>/maintenance.ics", api.component_calendar, name="component-calendar"),
    path("status/calendar/<str:token>/maintenance.ics", api.own_calendar, name="own-calendar"),
    path("api/v2/subscribers.json", api.subscribe, name="api-subscribe"),
    path("api/v2/subscribers/<str:handle>.json", api.cancel, name="api-cancel"),
    path("api/v2/subscriptions/<str:handle>/resend_confirmation", api.resend_confirmation, name="api-resend"),
    path("push-worker.js", subscriptions.worker, name="push-worker"),
    path("desk/status/subscribers/", subscribers.subscribers, name="console-subscribers"),
    path("desk/status/subscribers/search/", subscribers.search, name="console-subscribers-search"),
    path("desk/status/subscribers/export/", subscribers.export, name="console-subscribers-export"),
    path("desk/status/subscribers/import/", subscribers.import_file, name="console-subscribers-import"),
    path("desk/status/subscribers/import/<str:import_id>/", subscribers.import_page, name="console-import"),
    path("desk/status/subscribers/<str:subscriber_id>/", subscribers.subscriber, name="console-subscriber"),
    *(path(name, api.document, {"path": name}, name=name.replace("/", "-")) for name in DOCUMENTS),
    *board.urlpatterns,
    path("desk/status/inside/", inside.inside, name="inside"),
    *console.urlpatterns,
]
