import django.db.models.deletion
import portal_core.kernel.ids
from django.db import migrations, models


class Migration(migrations.Migration):
    """The same tables in one step, for a database that has none: the steps it replaces take ten times as long.

    Its name says what it replaced at first: databases remember it by that.
    """

    replaces = [('notify', '0001_initial'), ('notify', '0002_channels_payloads_and_topics'), ('notify', '0003_held_deliveries'), ('notify', '0004_lean_ledger'), ('notify', '0005_deliveries_of_one_person'), ('notify', '0006_leaner_ledger'), ('notify', '0007_attempts_of_posts')]

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('cause', models.CharField(max_length=120)),
                ('template', models.CharField(max_length=80)),
                ('language', models.CharField(max_length=16)),
                ('subject', models.CharField(blank=True, max_length=250)),
                ('text', models.TextField(blank=True)),
                ('html', models.TextField(blank=True)),
                ('sms', models.TextField(blank=True)),
                ('headers', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('payloads', models.JSONField(default=dict)),
                ('zone', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('cause', 'template', 'language', 'zone'), name='message_said_once')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20)),
                ('cause', models.CharField(max_length=120)),
                ('recipient_key', models.CharField(max_length=80)),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('sms', 'Text message'), ('voice', 'Phone call'), ('webhook', 'Webhook'), ('slack', 'Slack'), ('teams', 'Microsoft Teams'), ('push', 'Browser notification')], max_length=8)),
                ('address', models.CharField(blank=True, max_length=320)),
                ('unsubscribe_url', models.CharField(blank=True, max_length=500)),
                ('urgency', models.PositiveSmallIntegerField(choices=[(0, 'Personal'), (1, 'To many')], default=0)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('sending', 'Being sent'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('failed', 'Refused'), ('dead', 'Given up'), ('expired', 'Too late to send'), ('cancelled', 'Not wanted any more'), ('superseded', 'Replaced by newer news'), ('held', 'Held back')], default='waiting', max_length=12)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('available_at', models.DateTimeField()),
                ('not_after', models.DateTimeField(null=True)),
                ('claimed_by', models.CharField(blank=True, max_length=20)),
                ('provider_id', models.CharField(blank=True, max_length=64)),
                ('created_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('failed_at', models.DateTimeField(null=True)),
                ('last_error', models.CharField(blank=True, max_length=60)),
                ('message', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='deliveries', to='notify.message')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('waiting', 'sending'))), fields=['urgency', 'available_at', 'id'], name='delivery_due'), models.Index(condition=models.Q(('state__in', ['failed', 'dead'])), fields=['-failed_at'], name='delivery_lost'), models.Index(fields=['cause', 'state', 'sent_at'], name='delivery_board'), models.Index(condition=models.Q(('state', 'held')), fields=['last_error', 'recipient_key'], name='delivery_held'), models.Index(condition=models.Q(('urgency', 0)), fields=['recipient_key', '-id'], name='delivery_personal'), models.Index(condition=models.Q(('channel__in', ('webhook', 'slack', 'teams', 'push')), ('state__in', ('waiting', 'sending'))), fields=['urgency', 'available_at', 'id'], name='delivery_due_posts')],
                'constraints': [models.UniqueConstraint(fields=('cause', 'recipient_key', 'channel'), name='delivery_once_per_cause_recipient_channel'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'sending'), models.Q(('claimed_by', ''), _negated=True)), models.Q(models.Q(('state', 'sending'), _negated=True), ('claimed_by', '')), _connector='OR'), name='delivery_claimed_while_sending'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('sent', 'delivered')), _negated=True), ('sent_at__isnull', False), _connector='OR'), name='delivery_sent_has_moment'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['failed', 'dead']), _negated=True), ('failed_at__isnull', False), _connector='OR'), name='delivery_failed_has_moment'), models.CheckConstraint(condition=models.Q(('state__in', ['waiting', 'sending', 'sent', 'delivered', 'failed', 'dead', 'expired', 'cancelled', 'superseded', 'held'])), name='delivery_state_known'), models.CheckConstraint(condition=models.Q(('channel__in', ['email', 'sms', 'voice', 'webhook', 'slack', 'teams', 'push'])), name='delivery_channel_known'), models.UniqueConstraint(fields=('public_id',), name='delivery_public_id')],
            },
        ),
        migrations.CreateModel(
            name='DeliveryAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField(null=True)),
                ('code', models.CharField(blank=True, max_length=60)),
                ('milliseconds', models.PositiveIntegerField()),
                ('answer', models.CharField(blank=True, max_length=200)),
                ('delivery', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='tries', to='notify.delivery')),
            ],
            options={
                'indexes': [models.Index(fields=['at'], name='delivery_attempt_at')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('code', ''), _negated=True), models.Q(('status__gte', 200), ('status__lt', 300)), _connector='OR'), name='delivery_attempt_arrived_or_why')],
            },
        ),
    ]
