from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("statuspage", "0006_imports_being_read"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="subscriber",
            name="subscriber_one_per_address",
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.UniqueConstraint(
                fields=("address_index", "way", "page"), name="subscriber_one_per_address"
            ),
        ),
    ]
