from django.apps import AppConfig


class TriageConfig(AppConfig):
    name = "triage"
    label = "triage"
    verbose_name = "Triage"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from helpdesk import known_problems
        from helpdesk.actions import tickets
        from portal_core import notify
        from portal_core.access import gate
        from portal_core.directory.actions.staff import before_role_ends
        from portal_core.directory.enums import Permission
        from portal_core.ui import slots
        from triage import handlers, panels  # noqa: F401
        from triage.actions import ended_checks, going_along, verification, webhook_news
        from triage.known_problems import from_status_page

        tickets.before_deed(going_along)
        tickets.after_deed(webhook_news.of_ticket)
        notify.hooks.resolve_addresses(webhook_news.TEMPLATE, webhook_news.where)
        notify.hooks.after_failure(webhook_news.TEMPLATE, webhook_news.note_failure)
        notify.hooks.after_success(webhook_news.TEMPLATE, webhook_news.note_success)
        before_role_ends(ended_checks.end_of_role)
        gate.register(verification.consume, verification.find_proof)
        known_problems.register(from_status_page)
        slots.register("patient.identity", panels.identity_card)
        slots.register("portal.home", panels.is_it_you, order=5)
        slots.register("patient.panels", panels.messages_card, order=20)
        notify.hooks.forget_when_sent("triage/identity_code")  # the code itself stands in the words
        slots.register_nav(
            "desk", slots.Link("Office desk", "triage:office", Permission.OFFICE_DESK, "inbox", order=20)
        )
        slots.register_nav(
            "desk",
            slots.Link(
                "Checks on hold", "triage:holds", Permission.VERIFY_PATIENT, "shield", order=40,
                count=panels.waiting_for_me,
            ),
        )  # fmt: skip
        for manager in (Permission.SETTINGS, Permission.APPROVE_RISKY):  # whoever may agree, see staff_checks
            slots.register_nav(
                "desk", slots.Link("Colleagues to confirm", "triage:staff-checks", manager, "shield", order=45)
            )
        for desk in (Permission.OFFICE_DESK, Permission.IT_DESK):
            slots.register_nav("desk", slots.Link("What came back", "triage:returned", desk, "flag", order=92))
        slots.register_nav(
            "desk",
            slots.Link(
                "Missed calls", "triage:missed-calls", Permission.OFFICE_DESK, "phone", order=44,
                count=panels.missed_at_office, shown=panels.has_line,
            ),
        )  # fmt: skip
        slots.register_nav(
            "desk",
            slots.Link(
                "Missed calls", "triage:it-missed-calls", Permission.IT_DESK, "phone", order=44,
                count=panels.missed_at_it, shown=panels.has_line,
            ),
        )  # fmt: skip
        slots.register_nav("desk", slots.Link("IT console", "triage:it", Permission.IT_DESK, "flag", order=20))
        slots.register_nav("desk", slots.Link("Search", "triage:find", Permission.OFFICE_DESK, "search", order=30))
        slots.register_nav("desk", slots.Link("Search", "triage:find", Permission.IT_DESK, "search", order=30))
        slots.register_nav(
            "desk", slots.Link("Prepared answers", "triage:replies", Permission.SETTINGS, "copy", order=85)
        )
        for permission in (Permission.OFFICE_DESK, Permission.IT_DESK, Permission.SETTINGS):
            slots.register_nav("desk", slots.Link("Figures", "triage:reports", permission, "chart", order=80))
        slots.register_nav("desk", slots.Link("Webhooks", "triage:webhooks", Permission.SETTINGS, "link", order=87))
        slots.register_nav("desk", slots.Link("Routing", "triage:routing", Permission.SETTINGS, "list", order=86))
        slots.register_nav(
            "desk", slots.Link("Who does what", "triage:reference", Permission.OFFICE_DESK, "list", order=90)
        )
