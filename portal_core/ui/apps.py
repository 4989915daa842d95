from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "portal_core.ui"
    label = "ui"
    verbose_name = "Design system"
    default_auto_field = "django.db.models.BigAutoField"
