from django.urls import path

from portal_core.directory.views import home

app_name = "directory"
urlpatterns = [
    path("desk/", home.desk, name="desk"),
    path("desk/hat/", home.hat, name="hat"),
]
