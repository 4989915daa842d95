import django.db.models.deletion
from django.db import migrations, models

import portal_core.kernel.ids


class Migration(migrations.Migration):

    dependencies = [
        ('statuspage', '0003_update_kind_and_retired_components'),
    ]

    operations = [
        migrations.CreateModel(
            name='FanOut',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_short_id, editable=False, max_length=12, unique=True)),
                ('kind', models.CharField(max_length=16)),
                ('state', models.CharField(choices=[('running', 'Being written down'), ('held', 'Held: somebody has to decide'), ('done', 'Complete'), ('discarded', 'Not sent'), ('undone', 'Taken back')], default='running', max_length=12)),
                ('published_at', models.DateTimeField()),
                ('reached', models.BigIntegerField(default=0)),
                ('last', models.BigIntegerField()),
                ('people', models.PositiveIntegerField(default=0)),
                ('undo_until', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField()),
                ('completed_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.CharField(blank=True, max_length=120)),
                ('tally', models.JSONField(default=dict)),
                ('settled_at', models.DateTimeField(null=True)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='fan_outs', to='statuspage.incident')),
                ('update', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='fan_out', to='statuspage.incidentupdate')),
            ],
            options={
                'indexes': [models.Index(fields=['-published_at', '-id'], name='fan_out_newest'), models.Index(condition=models.Q(('state', 'running')), fields=['id'], name='fan_out_running'), models.Index(condition=models.Q(('settled_at', None)), fields=['published_at'], name='fan_out_unsettled')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['running', 'held', 'done', 'discarded', 'undone'])), name='fan_out_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['discarded', 'undone']), _negated=True), ('decided_at__isnull', False), _connector='OR'), name='fan_out_decided_by_somebody')],
            },
        ),
    ]
