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
        from statuspage import handlers  # noqa: F401 - registers them
        from statuspage.actions import fan_out, reaching, subscribers
        from statuspage.actions.subscribers import answering
        from statuspage.views.banner import banner, copy_trouble

        for kind in ("incident_", "maintenance_", "component_", "digest"):
            notify.hooks.resolve_addresses(f"statuspage/{kind}", reaching.subscribers)
            notify.hooks.after_success(f"statuspage/{kind}", fan_out.note_progress)
        notify.hooks.resolve_addresses("statuspage/subscription_", answering.where)
        notify.hooks.forget_when_sent("statuspage/subscription_")  # links into somebody's settings
        notify.hooks.after_failure("statuspage/", subscribers.note_failure)
        notify.hooks.after_success("statuspage/", subscribers.note_success)
        slots.register("banner", banner, order=10)
        slots.register("banner", copy_trouble, order=20)
        slots.register_nav("desk", slots.Link("What works now", "statuspage:inside", icon="activity", order=79))
        slots.register_nav(
            "desk",
            slots.Link(
                "Status page", "statuspage:console", permission=Permission.STATUS_PUBLISH, icon="activity", order=80
            ),
        )
