from django.apps import AppConfig


class HelpdeskConfig(AppConfig):
    name = "helpdesk"
    label = "helpdesk"
    verbose_name = "Helpdesk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from helpdesk import handlers, panels
        from portal_core.access import hooks as access_hooks
        from portal_core.directory.enums import Permission
        from portal_core.notify import hooks
        from portal_core.ui import slots

        hooks.after_failure("helpdesk/", handlers.tell_desk_undelivered)

        access_hooks.also_sent(panels.letters_to, panels.LETTERS)
        slots.register("portal.home", panels.my_messages, order=30)
        slots.register_nav(
            "portal",
            slots.Link(
                "Messages", "helpdesk:messages", icon="mail", order=20, count=panels.unread_messages,
                shown=panels.shows_messages,
            ),
        )  # fmt: skip
        slots.register("portal.home", panels.my_files, order=55)
        slots.register("portal.home.files", panels.my_files)
        slots.register_nav(
            "portal", slots.Link("Files", "helpdesk:files", icon="document", order=30, shown=panels.shows_files)
        )
        slots.register_nav("desk", slots.Link("Help", "helpdesk:library", icon="help", order=95))
        slots.register_nav(
            "desk", slots.Link("Help articles", "helpdesk:articles", Permission.SETTINGS, "document", order=88)
        )
        slots.register_nav(
            "desk", slots.Link("Help articles", "helpdesk:articles", Permission.IT_DESK, "document", order=88)
        )
        slots.register("ticket.received", panels.received)
        slots.register_nav(
            "desk",
            slots.Link(
                "E-mail", "helpdesk:mail-held", Permission.OFFICE_DESK, "mail", order=45, count=panels.held_mail
            ),
        )
        slots.register_nav("portal", slots.Link("Help", "helpdesk:help", icon="help", order=90))
        slots.register_nav(
            "desk", slots.Link("Opening hours", "helpdesk:hours", Permission.SETTINGS, "clock", order=83)
        )
        slots.register_nav(
            "desk", slots.Link("Answer times", "helpdesk:promises", Permission.SETTINGS, "clock", order=83)
        )
        slots.register_nav("desk", slots.Link("Phone line", "helpdesk:phone", Permission.SETTINGS, "phone", order=84))
        slots.register_nav(
            "desk", slots.Link("How long originals stay", "helpdesk:keeping", Permission.SETTINGS, "clock", order=84)
        )
