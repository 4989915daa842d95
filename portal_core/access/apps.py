from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "portal_core.access"
    label = "access"
    verbose_name = "Portal access"
    default_auto_field = "django.db.models.BigAutoField"
