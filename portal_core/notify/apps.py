from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "portal_core.notify"
    label = "notify"
    verbose_name = "Deliveries"
    default_auto_field = "django.db.models.BigAutoField"
