from django.apps import AppConfig


class StatuspageConfig(AppConfig):
    name = "statuspage"
    label = "statuspage"
    verbose_name = "Status page"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal_core import notify
        from portal_core.directory.enums import Permission
        from portal_core.ui import slots
        from statuspage import handlers
        from statuspage.views.banner import banner

        notify.hooks.before_send("statuspage/incident_", handlers.gone)
        slots.register("banner", banner, order=10)
        slots.register_nav(
            "desk",
            slots.Link(
                "Status page", "statuspage:console", permission=Permission.STATUS_PUBLISH, icon="activity", order=80
            ),
        )
