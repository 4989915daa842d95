"""Heads of the ledger's chains carry a keyed digest. What stands there today is signed as it stands."""

from django.db import migrations, models

from portal_core.kernel import sealing


def sign(apps, schema_editor):
    for head in apps.get_model("kernel", "AuditChain").objects.exclude(sequence=0):
        head.proof = sealing.tag(f"{head.practice_key}:{head.sequence}:{head.hash}", purpose="audit.head")
        head.save(update_fields=["proof"])


class Migration(migrations.Migration):
    dependencies = [("kernel", "0003_what_a_key_was_used_for")]

    operations = [
        migrations.AddField(
            model_name="auditchain",
            name="proof",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.RunPython(sign, migrations.RunPython.noop),
    ]
