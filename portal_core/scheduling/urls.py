from django.urls import URLPattern, URLResolver, path

from portal_core.scheduling import views

app_name = "scheduling"

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk/schedule/", views.day, name="day"),
    path("desk/schedule/new/", views.new, name="new"),
    path("desk/schedule/<str:appointment_id>/", views.appointment, name="appointment"),
    path("desk/schedule/<str:appointment_id>/edit/", views.edit, name="edit"),
    path("desk/schedule/<str:appointment_id>/status/", views.status, name="status"),
]
