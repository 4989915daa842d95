"""The root: every app's urls hold full paths, so what stands here is only who takes part."""

from django.urls import include, path

from ops import api, health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("api/v1/schema/", api.schema, name="api-schema"),
    path("api/v1/docs/", api.docs, name="api-docs"),
    path("", include("portal_core.ui.urls")),
    path("", include("portal_core.notify.urls")),
    path("", include("portal_core.accounts.urls")),
    path("", include("portal_core.directory.urls")),
    path("", include("portal_core.scheduling.urls")),
    path("", include("portal_core.access.urls")),
    path("", include("helpdesk.urls")),
    path("", include("statuspage.urls")),
    path("", include("telehealth.urls")),
    path("", include("triage.urls")),
]

handler400 = "portal_core.kernel.http.errors.bad_request"
handler403 = "portal_core.kernel.http.errors.permission_denied"
handler404 = "portal_core.kernel.http.errors.page_not_found"
handler500 = "portal_core.kernel.http.errors.server_error"
