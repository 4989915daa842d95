from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "portal_core.access"
    label = "access"
    verbose_name = "Portal access"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal_core.access import (
            handlers,  # noqa: F401
            panels,
            sign_ins,
        )
        from portal_core.access.actions import email, phone, portal
        from portal_core.accounts import sign_in
        from portal_core.directory import people
        from portal_core.directory.actions import patients
        from portal_core.directory.enums import Permission
        from portal_core.notify import hooks
        from portal_core.ui import slots

        sign_in.after_sign_in(sign_ins.after_sign_in)
        sign_in.after_own_password(sign_ins.after_own_password)
        hooks.forget_when_sent("access/")
        slots.register("patient.photo", panels.photo_status)
        slots.register("patient.panels", panels.portal_status_panel, order=10)
        slots.register("patient.tabs", panels.tab)
        slots.register("patient.email", panels.email_note)
        people.acting_lookup(sign_ins.acting_of)
        slots.register("banner", panels.acting_banner, order=5)
        slots.register("patient-list.actions", panels.add_patient_link)
        slots.register("sign-in.patient", panels.register_link)
        patients.before_contact_change(email.before_contact_change)
        patients.before_contact_change(phone.before_contact_change)
        patients.after_addresses_imported(email.hold_imported)
        patients.after_deceased_imported(portal.tell_deceased)
        slots.register_nav(
            "desk",
            slots.Link(
                "Patient Portal Onboarding Tool", "access:onboarding", Permission.PORTAL_ACCESS, "user-plus", 45
            ),
        )
        slots.register_nav(
            "desk", slots.Link("Registrations", "access:registrations", Permission.PORTAL_ACCESS, "user-plus", 46)
        )
        slots.register_nav("portal", slots.Link("Home", "access:home", icon="home", order=10))
