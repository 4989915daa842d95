from django.urls import path

from portal_core.ui import views

app_name = "ui"

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("ui/", views.gallery, name="gallery"),
]
