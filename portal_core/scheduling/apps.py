from django.apps import AppConfig


class SchedulingConfig(AppConfig):
    name = "portal_core.scheduling"
    label = "scheduling"
    verbose_name = "Scheduling"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal_core.directory.enums import Permission
        from portal_core.ui import slots

        slots.register_nav("desk", slots.Link("Schedule", "scheduling:day", Permission.SCHEDULE, "calendar", 10))
