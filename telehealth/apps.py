from django.apps import AppConfig


class TelehealthConfig(AppConfig):
    name = "telehealth"
    label = "telehealth"
    verbose_name = "Telehealth"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal_core.ui import slots
        from telehealth import panels

        slots.register("appointment.banner", panels.appointment_banner)
        slots.register("portal.home", panels.portal_home, order=20)
        slots.register("portal.home.schedule", panels.portal_home)
