from django.apps import AppConfig


class TelehealthConfig(AppConfig):
    name = "telehealth"
    label = "telehealth"
    verbose_name = "Telehealth"
    default_auto_field = "django.db.models.BigAutoField"
