"""Links of people who have a sign-in already: from now on a link may be for a new password too, so a used one must not
look like a good one."""

from typing import Any

from django.db import migrations


def use_up(apps: Any, _schema: Any) -> None:
    rows = apps.get_model("access", "ProxyGrant").objects.filter(person__user__isnull=False).exclude(link_hash="")
    rows.update(link_hash="", link_expires_at=None)


class Migration(migrations.Migration):
    dependencies = [("access", "0006_say_what_an_import_changed")]

    operations = [migrations.RunPython(use_up, migrations.RunPython.noop)]
