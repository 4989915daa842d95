from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "portal_core.directory"
    label = "directory"
    verbose_name = "Directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal_core.accounts import sign_in
        from portal_core.directory import identity
        from portal_core.directory.actions import colleagues
        from portal_core.directory.enums import Permission
        from portal_core.directory.views import dead_letters
        from portal_core.notify import hooks
        from portal_core.ui import slots

        slots.register("banner", dead_letters.banner, order=30)
        sign_in.after_sign_in(colleagues.end_link_of)
        sign_in.after_own_password(colleagues.end_link_of)
        hooks.forget_when_sent("directory/sign_in_link")
        sign_in.actor_lookup(identity.actor_of_user)
        sign_in.second_step_rule(identity.second_step_owed)
        for link in (
            slots.Link("Patients", "directory:patient-list", Permission.PATIENT_READ, "users", 40),
            slots.Link("Staff", "directory:staff-list", Permission.SETTINGS, "user-plus", 80),
            slots.Link("Offices", "directory:offices", Permission.SETTINGS, "home", 80),
            slots.Link("Telehealth settings", "directory:telehealth", Permission.SETTINGS, "video", 81),
            slots.Link("Registration", "directory:registration", Permission.SETTINGS, "user-plus", 83),
            slots.Link("Patients and IT", "directory:patient-line", Permission.SETTINGS, "headset", 85),
            slots.Link("Parents and guardians", "directory:proxy-ages", Permission.SETTINGS, "users", 84),
            slots.Link("Sign-in rules", "directory:sign-in-rules", Permission.SETTINGS, "lock", 82),
            slots.Link("Ledger", "directory:ledger", Permission.AUDIT_READ, "search", 86),
            slots.Link("Steps not done", "directory:dead-letters", Permission.SETTINGS, "alert", 87),
            slots.Link("Steps not done", "directory:dead-letters", Permission.STATUS_PUBLISH, "alert", 87),
            slots.Link("My profile", "directory:me", None, "user", 90),
        ):
            slots.register_nav("desk", link)
