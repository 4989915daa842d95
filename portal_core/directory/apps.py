from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "portal_core.directory"
    label = "directory"
    verbose_name = "Directory"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal_core.accounts import sign_in
        from portal_core.directory import identity

        sign_in.actor_lookup(identity.actor_of_user)
