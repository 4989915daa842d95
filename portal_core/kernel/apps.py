from django.apps import AppConfig


class KernelConfig(AppConfig):
    name = "portal_core.kernel"
    label = "kernel"
    verbose_name = "Kernel"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from portal_core.kernel.http import checks  # noqa: F401
