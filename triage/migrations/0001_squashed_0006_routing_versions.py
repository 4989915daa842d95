import django.db.models.deletion
import portal_core.kernel.ids
import triage.models.flag_words
from django.db import migrations, models

from importlib import import_module

flags_0009 = import_module("triage.migrations.0009_letters_and_words_of_flags")
step_0012 = import_module("triage.migrations.0012_checked_by_the_patients_own_office")


class Migration(migrations.Migration):
    """The same tables in one step, for a database that has none: the steps it replaces take ten times as long.

    Its name says what it replaced at first: databases remember it by that.
    """

    replaces = [('triage', '0001_initial'), ('triage', '0002_more_kinds'), ('triage', '0003_proofs_by_code_and_staff_checks'), ('triage', '0004_desk_drafts_views_replies_mentions'), ('triage', '0005_sign_the_way_out'), ('triage', '0006_routing_versions'), ('triage', '0007_webhook_endpoints_and_flags_by_kind'), ('triage', '0008_failed_checks_of_the_hour'), ('triage', '0009_letters_and_words_of_flags'), ('triage', '0010_exchange_about_a_flag'), ('triage', '0011_what_was_said_about_flags'), ('triage', '0012_checked_by_the_patients_own_office')]

    initial = True

    dependencies = [
        ('directory', '0005_ages_of_proxies'),
        ('helpdesk', '0017_undo_of_many'),
    ]

    operations = [
        migrations.CreateModel(
            name='CannedReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('side', models.CharField(choices=[('office', 'Office'), ('it', 'IT support')], max_length=8)),
                ('title', models.CharField(max_length=80)),
                ('body', models.TextField(max_length=4000)),
                ('changed_by', models.CharField(max_length=120)),
                ('changed_at', models.DateTimeField()),
                ('office', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.office')),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.practice')),
            ],
            options={
                'indexes': [models.Index(fields=['practice', 'side', 'title'], name='canned_list')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('office__isnull', False)), fields=('office', 'title'), name='canned_once_per_office'), models.UniqueConstraint(condition=models.Q(('office', None)), fields=('practice', 'side', 'title'), name='canned_once_per_desk'), models.CheckConstraint(condition=models.Q(('side__in', ['office', 'it'])), name='canned_side_known'), models.CheckConstraint(condition=models.Q(('side', 'office'), ('office__isnull', True), _connector='OR'), name='canned_it_has_no_office'), models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('body', ''), _negated=True)), name='canned_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('reply', 'Reply to the requester'), ('note', 'Internal note'), ('answer', 'Answer to the office'), ('ask', 'Question to the office')], max_length=12)),
                ('about', models.CharField(max_length=20)),
                ('body', models.TextField(max_length=5000)),
                ('changed_at', models.DateTimeField()),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.staff')),
            ],
            options={
                'indexes': [models.Index(fields=['about', 'kind'], name='draft_about')],
                'constraints': [models.UniqueConstraint(fields=('staff', 'kind', 'about'), name='draft_once'), models.CheckConstraint(condition=models.Q(('kind__in', ['reply', 'note', 'answer', 'ask'])), name='draft_kind_known'), models.CheckConstraint(condition=models.Q(('body', ''), _negated=True), name='draft_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=20)),
                ('by_label', models.CharField(max_length=120)),
                ('at', models.DateTimeField()),
                ('seen_at', models.DateTimeField(null=True)),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.staff')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='helpdesk.ticket')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('seen_at', None)), fields=['staff', 'ticket'], name='mention_unseen')],
                'constraints': [models.UniqueConstraint(fields=('staff', 'message_id'), name='mention_once')],
            },
        ),
        migrations.CreateModel(
            name='PlaybookStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('step', models.CharField(choices=[('verify_identity', "Verify the patient's identity"), ('check_setup', 'Verify the patient is set up in the portal'), ('registration_pin', 'Generate a registration PIN (when necessary)'), ('track_delivery', 'Verify delivery and track messages and documents sent to the message inbox'), ('instruct_reset', 'Instruct the patient on the initial password reset'), ('relay', "Relay the patient's information to support when there is a technical problem")], max_length=24)),
                ('done_at', models.DateTimeField()),
                ('done_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='helpdesk.ticket')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('ticket', 'step'), name='playbook_step_once')],
            },
        ),
        migrations.CreateModel(
            name='RoutingVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('edits', models.JSONField(default=dict)),
                ('note', models.CharField(blank=True, max_length=160)),
                ('by_label', models.CharField(max_length=120)),
                ('at', models.DateTimeField()),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.practice')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('practice', 'number'), name='routing_version_once'), models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='routing_version_from_one')],
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('name', models.CharField(max_length=40)),
                ('wanted', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.staff')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('staff', 'name'), name='saved_view_once'), models.CheckConstraint(condition=models.Q(('name', ''), _negated=True), name='saved_view_named')],
            },
        ),
        migrations.CreateModel(
            name='StaffCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('purpose', models.CharField(choices=[('help', 'Help that changes nothing'), ('sign_out', 'End their sessions everywhere'), ('second_step', 'Take off a lost second step')], max_length=12)),
                ('method', models.CharField(blank=True, choices=[('call_back', "Called back on the office's main number"), ('in_person', 'Staff badge and face seen at the IT desk')], max_length=12)),
                ('outcome', models.CharField(choices=[('open', 'Under way'), ('passed', 'Verified'), ('failed', 'Could not complete the check'), ('abandoned', 'Stopped')], default='open', max_length=12)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('consumed_at', models.DateTimeField(null=True)),
                ('agent', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.office')),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.practice')),
                ('subject', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='helpdesk.ticket')),
            ],
            options={
                'indexes': [models.Index(fields=['ticket', '-started_at'], name='staff_check_by_ticket'), models.Index(fields=['subject', 'outcome', 'ended_at'], name='staff_check_by_subject'), models.Index(condition=models.Q(('approved_at', None), ('consumed_at', None), ('outcome', 'passed')), fields=['practice', '-ended_at'], name='staff_check_to_approve')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('outcome', 'open')), models.Q(models.Q(('outcome', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='staff_check_ended_when_decided'), models.CheckConstraint(condition=models.Q(models.Q(('expires_at__gt', models.F('ended_at')), ('expires_at__isnull', False), ('outcome', 'passed'), models.Q(('method', ''), _negated=True)), models.Q(models.Q(('outcome', 'passed'), _negated=True), ('expires_at', None), ('method', '')), _connector='OR'), name='staff_check_passed_by_a_method'), models.CheckConstraint(condition=models.Q(('subject', models.F('agent')), _negated=True), name='staff_check_not_of_oneself'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', None)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), models.Q(('approved_by', models.F('agent')), _negated=True), models.Q(('approved_by', models.F('subject')), _negated=True)), _connector='OR'), name='staff_check_approved_by_a_third'), models.CheckConstraint(condition=models.Q(('consumed_at', None), models.Q(('consumed_at__lt', models.F('expires_at')), ('expires_at__isnull', False)), _connector='OR'), name='staff_check_used_in_time'), models.CheckConstraint(condition=models.Q(('consumed_at', None), ('approved_at__isnull', False), models.Q(('purpose', 'second_step'), _negated=True), _connector='OR'), name='staff_check_manager_first'), models.UniqueConstraint(condition=models.Q(('outcome', 'open')), fields=('ticket',), name='staff_check_one_open')],
            },
        ),
        migrations.CreateModel(
            name='VerificationAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('attester_role', models.CharField(max_length=20)),
                ('channel', models.CharField(choices=[('phone', 'On the phone'), ('in_person', 'In the office'), ('written', 'Wrote to us')], max_length=12)),
                ('purpose', models.CharField(choices=[('reset', 'Send a reset link or invitation'), ('pin', 'Hand over a registration PIN'), ('credentials', 'Set user name and password by hand'), ('contact', 'Change the e-mail or phone on file'), ('second_step', 'Take off a lost second step'), ('proxy', 'Let somebody act for the patient'), ('identity', 'Know who it is, change nothing')], max_length=12)),
                ('base_level', models.CharField(choices=[('r0', 'No check needed'), ('r1', 'Find the chart'), ('r2', 'One proof'), ('r3', 'Two proofs and a second person'), ('r4', 'Two proofs, authority and a second person'), ('rs', "Staff: call back the office's main number")], max_length=2)),
                ('level', models.CharField(choices=[('r0', 'No check needed'), ('r1', 'Find the chart'), ('r2', 'One proof'), ('r3', 'Two proofs and a second person'), ('r4', 'Two proofs, authority and a second person'), ('rs', "Staff: call back the office's main number")], max_length=2)),
                ('outcome', models.CharField(choices=[('open', 'Under way'), ('passed', 'Verified'), ('failed', 'Could not complete the check'), ('abandoned', 'Stopped')], default='open', max_length=12)),
                ('methods', models.JSONField(default=list)),
                ('red_flags', models.JSONField(default=list)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('attester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('membership', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='directory.roleassignment')),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.office')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.patient')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='helpdesk.ticket')),
                ('portal_asked_at', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['patient', 'outcome', 'ended_at'], name='attempt_by_patient'), models.Index(fields=['ticket', '-started_at'], name='attempt_by_ticket'), models.Index(condition=models.Q(('outcome', 'failed')), fields=['ended_at'], name='attempt_failed')],
                'constraints': [models.CheckConstraint(condition=models.Q(('attester_role__in', ('office_staff', 'office_manager'))), name='attempt_by_an_office_member'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'open'), _negated=True), ('membership__isnull', False), _connector='OR'), name='attempt_made_with_a_role'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('outcome', 'open')), models.Q(models.Q(('outcome', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='attempt_ended_when_decided'), models.UniqueConstraint(condition=models.Q(('outcome', 'open')), fields=('ticket',), name='attempt_one_open_per_ticket')],
            },
        ),
        migrations.CreateModel(
            name='VerificationCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('method', models.CharField(choices=[('k', 'Details match the record'), ('e1', 'Photo ID seen in person'), ('e2', 'Personally known, in person'), ('e3', 'Called back on the number on file'), ('e4', 'Code to the phone on file, read back'), ('e5', 'Confirmed inside their portal session'), ('e6', 'Code to the e-mail on file'), ('e7', 'Video visit with photo ID'), ('e8', 'Code mailed to the address on file'), ('e9', 'Authority document seen')], max_length=4)),
                ('hash', models.CharField(max_length=64)),
                ('contact_hash', models.CharField(max_length=64)),
                ('contact_age_days', models.PositiveIntegerField(null=True)),
                ('sent_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('used_at', models.DateTimeField(null=True)),
                ('superseded_at', models.DateTimeField(null=True)),
                ('attempt', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='codes', to='triage.verificationattempt')),
            ],
            options={
                'indexes': [models.Index(fields=['attempt', '-sent_at'], name='code_by_attempt')],
                'constraints': [models.CheckConstraint(condition=models.Q(('method__in', ['e4', 'e6'])), name='code_goes_over_a_contact'), models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('sent_at'))), name='code_expires_later'), models.CheckConstraint(condition=models.Q(('used_at', None), models.Q(('superseded_at', None), ('used_at__lt', models.F('expires_at'))), _connector='OR'), name='code_used_in_time'), models.UniqueConstraint(condition=models.Q(('superseded_at', None), ('used_at', None)), fields=('attempt', 'method'), name='code_one_live')],
            },
        ),
        migrations.CreateModel(
            name='VerificationHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('opened_at', models.DateTimeField()),
                ('rule', models.CharField(max_length=40)),
                ('released_at', models.DateTimeField(null=True)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.patient')),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('release_evidence', models.CharField(blank=True, choices=[('photo_id', 'Photo ID seen at our office'), ('letter', 'Code from our letter, read back')], max_length=12)),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('released_at', None)), fields=('patient',), name='hold_one_open'), models.CheckConstraint(condition=models.Q(models.Q(('released_at', None), ('released_by', None)), models.Q(('released_at__isnull', False), ('released_by__isnull', False)), _connector='OR'), name='hold_released_by_someone')],
            },
        ),
        migrations.CreateModel(
            name='VerificationLetter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('hash', models.CharField(max_length=64)),
                ('address_hash', models.CharField(max_length=64)),
                ('address_age_days', models.PositiveIntegerField(null=True)),
                ('address_unused', models.BooleanField(default=False)),
                ('sent_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('used_at', models.DateTimeField(null=True)),
                ('void_at', models.DateTimeField(null=True)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.patient')),
                ('sent_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='helpdesk.ticket')),
            ],
            options={
                'indexes': [models.Index(fields=['patient', '-sent_at'], name='letter_by_patient')],
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('sent_at'))), name='letter_expires_later'), models.CheckConstraint(condition=models.Q(('used_at', None), models.Q(('used_at__lt', models.F('expires_at')), ('void_at', None)), _connector='OR'), name='letter_used_in_time'), models.UniqueConstraint(condition=models.Q(('used_at', None), ('void_at', None)), fields=('patient',), name='letter_one_live')],
            },
        ),
        migrations.CreateModel(
            name='WebhookEndpoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('name', models.CharField(max_length=80)),
                ('url_cipher', models.TextField()),
                ('host', models.CharField(max_length=260)),
                ('events', models.JSONField(default=list)),
                ('secret_cipher', models.TextField()),
                ('secret_shown_at', models.DateTimeField(null=True)),
                ('old_secret_cipher', models.TextField(blank=True)),
                ('old_secret_until', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('new', 'Not checked yet'), ('active', 'On'), ('off', 'Switched off'), ('stopped', 'Stopped, does not answer')], default='new', max_length=10)),
                ('check_result', models.CharField(blank=True, max_length=60)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('failing_since', models.DateTimeField(null=True)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('stopped_code', models.CharField(blank=True, max_length=60)),
                ('created_at', models.DateTimeField()),
                ('changed_at', models.DateTimeField()),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.practice')),
            ],
            options={
                'indexes': [models.Index(fields=['practice', 'state'], name='webhook_of_practice')],
                'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['new', 'active', 'off', 'stopped'])), name='webhook_state_known'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'stopped'), ('stopped_at__isnull', False)), models.Q(models.Q(('state', 'stopped'), _negated=True), ('stopped_at', None), ('stopped_code', '')), _connector='OR'), name='webhook_stopped_has_moment'), models.CheckConstraint(condition=models.Q(models.Q(('old_secret_cipher', ''), ('old_secret_until', None)), models.Q(models.Q(('old_secret_cipher', ''), _negated=True), ('old_secret_until__isnull', False)), _connector='OR'), name='webhook_old_secret_ends')],
            },
        ),
        migrations.CreateModel(
            name='Attestation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('action_class', models.CharField(choices=[('reset', 'Send a reset link or invitation'), ('pin', 'Hand over a registration PIN'), ('credentials', 'Set user name and password by hand'), ('contact', 'Change the e-mail or phone on file'), ('second_step', 'Take off a lost second step'), ('proxy', 'Let somebody act for the patient'), ('identity', 'Know who it is, change nothing')], max_length=12)),
                ('level', models.CharField(choices=[('r0', 'No check needed'), ('r1', 'Find the chart'), ('r2', 'One proof'), ('r3', 'Two proofs and a second person'), ('r4', 'Two proofs, authority and a second person'), ('rs', "Staff: call back the office's main number")], max_length=2)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('consumed_at', models.DateTimeField(null=True)),
                ('consumed_by_action', models.CharField(blank=True, max_length=60)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.patient')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='helpdesk.ticket')),
                ('attempt', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='attestation', to='triage.verificationattempt')),
                ('delayed_until', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['ticket', '-created_at'], name='attestation_by_ticket'), models.Index(condition=models.Q(('consumed_at', None), ('revoked_at', None)), fields=['patient', 'action_class', '-created_at'], name='attestation_usable')],
                'constraints': [models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='attestation_expires_later'), models.CheckConstraint(condition=models.Q(models.Q(('consumed_at', None), ('consumed_by_action', '')), models.Q(('consumed_at__isnull', False), models.Q(('consumed_by_action', ''), _negated=True)), _connector='OR'), name='attestation_consumed_by_something'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', None)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False)), _connector='OR'), name='attestation_approved_by_someone'), models.CheckConstraint(condition=models.Q(('consumed_at', None), models.Q(('consumed_at__lt', models.F('expires_at')), ('revoked_at', None)), _connector='OR'), name='attestation_used_in_time'), models.CheckConstraint(condition=models.Q(('consumed_at', None), ('approved_at__isnull', False), models.Q(('delayed_until__isnull', False), ('delayed_until__lte', models.F('consumed_at'))), models.Q(('level__in', ['r3', 'r4']), _negated=True), _connector='OR'), name='attestation_second_person_first'), models.CheckConstraint(condition=models.Q(('delayed_until', None), ('delayed_until__lt', models.F('expires_at')), _connector='OR'), name='attestation_works_after_its_delay')],
            },
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('category', models.CharField(choices=[('LOGIN_PWD', 'Forgot password'), ('LOGIN_UID', 'Forgot user name'), ('LOCKED', 'Locked out after too many tries'), ('MFA_CODE', 'Sign-in code does not come'), ('MFA_NEWPHONE', 'New phone, sign-in codes lost'), ('REG_PIN', 'Needs a registration PIN'), ('NOT_SETUP', 'Account could not be verified'), ('WRONG_PORTAL', 'On the wrong site, or an old link'), ('CONTACT_CHANGE', 'New e-mail address or phone number'), ('SHARED_EMAIL', 'Two people with one e-mail address'), ('DUP_ACCT', "Two accounts, or somebody else's record"), ('PROXY_MINOR', "Access to a child's record"), ('PROXY_ADULT', 'Access for a relative or carer'), ('AGE_OUT', "Turned 18: parent's access ends"), ('MSG_NOT_RECEIVED', 'Secure message e-mail not received'), ('MSG_DELIVERY', 'Did the patient get the message?'), ('ATTACH_OPEN', 'Cannot open an attachment'), ('ATTACH_MISSING', 'Attachment is missing'), ('ERROR_MSG', 'Error message'), ('SITE_DOWN', 'Cannot reach the site'), ('BROWSER', 'Browser or device settings'), ('SLOW', 'Slow or timing out'), ('APP_MOBILE', 'Phone or tablet app'), ('ACCESSIBILITY', 'Screen reader or other aid'), ('LANGUAGE', 'Needs another language'), ('TH_JOIN', 'Cannot join a video visit'), ('TH_AV', 'Camera, microphone or call quality'), ('TH_WAIT', 'Stuck in the waiting room'), ('NAV_HELP', 'Where do I find …?'), ('RESULT_MISSING', 'A result or report is missing'), ('RECORD_WRONG', 'Something in the record is wrong'), ('ECONSULT', 'Message or question for the clinician'), ('APPT', 'Appointment'), ('REFILL', 'Refill'), ('FORM', 'Form or letter'), ('BILLING', 'Bill or payment'), ('NOTIFY_PREF', 'Too many or no notices'), ('PRIVACY_REQ', 'Privacy request'), ('SEC_REPORT', 'Somebody is in my account, or phishing'), ('CLINICAL_URGENT', 'Urgent symptoms'), ('STAFF_ACCESS', 'Staff sign-in'), ('STAFF_HOWTO', 'Staff question about the portal'), ('PROVIDER_PORTAL', 'Provider portal limited or down'), ('FEEDBACK', 'Idea or complaint'), ('OTHER', 'Something else')], max_length=24)),
                ('reason', models.CharField(choices=[('error_message', 'The patient receives any error message'), ('login_fails', 'The patient cannot remember the user ID, or the online password reset does not work'), ('cannot_connect', 'The patient cannot connect to the practice website or the portal website'), ('message_not_received', 'The patient does not receive a secure message e-mail')], max_length=24)),
                ('error_text', models.TextField()),
                ('page', models.CharField(max_length=200)),
                ('happened_at', models.DateTimeField()),
                ('device', models.JSONField(default=dict)),
                ('steps_done', models.JSONField(default=list)),
                ('identity_not_needed', models.BooleanField(default=False)),
                ('patient_initials', models.CharField(blank=True, max_length=8)),
                ('portal_label', models.CharField(blank=True, max_length=40)),
                ('ok_to_contact', models.BooleanField(default=False)),
                ('contact_number', models.CharField(blank=True, max_length=32)),
                ('contact_window', models.CharField(blank=True, max_length=80)),
                ('impact', models.CharField(choices=[('one', 'This patient only'), ('several', 'Several patients'), ('office', 'The whole office')], max_length=12)),
                ('note', models.TextField(blank=True)),
                ('state', models.CharField(choices=[('sent', 'New'), ('investigating', 'Investigating'), ('need_office', 'Question to the office'), ('linked', 'Part of an incident'), ('answered', 'Answered'), ('returned', 'Returned to the office'), ('withdrawn', 'Taken back or ended'), ('done', 'Done')], default='sent', max_length=16)),
                ('refusal', models.CharField(blank=True, choices=[('NO_ATTESTATION', 'Identity not verified'), ('PLAYBOOK_INCOMPLETE', 'Office steps missing'), ('NOT_IT', 'Not for IT'), ('DUPLICATE_OF', 'Already reported'), ('INCIDENT_KNOWN', 'Known incident'), ('MISSING_FIELD', 'Something is missing')], max_length=24)),
                ('answer', models.TextField(blank=True)),
                ('question', models.TextField(blank=True)),
                ('incident_id', models.CharField(blank=True, max_length=20)),
                ('bounces', models.PositiveSmallIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
                ('accepted_at', models.DateTimeField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('changed_at', models.DateTimeField()),
                ('assignee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('attestation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='triage.attestation')),
                ('duplicate_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='triage.escalation')),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.office')),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.practice')),
                ('sent_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='helpdesk.ticket')),
                ('snooze_reason', models.CharField(blank=True, max_length=200)),
                ('snoozed_until', models.DateTimeField(null=True)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ('sent', 'investigating', 'need_office', 'linked', 'answered'))), fields=['practice', '-created_at'], name='escalation_it_list'), models.Index(fields=['ticket', '-created_at'], name='escalation_by_ticket'), models.Index(condition=models.Q(('incident_id', ''), _negated=True), fields=['incident_id'], name='escalation_by_incident'), models.Index(fields=['office', '-created_at'], name='escalation_by_office'), models.Index(fields=['practice', 'category', 'created_at'], name='escalation_by_kind')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ('sent', 'investigating', 'need_office', 'linked', 'answered'))), fields=('ticket',), name='escalation_one_open_per_ticket'), models.CheckConstraint(condition=models.Q(models.Q(('attestation__isnull', False), ('identity_not_needed', False)), models.Q(('attestation', None), ('identity_not_needed', True)), _connector='OR'), name='escalation_identity_known_or_not_needed'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'returned'), models.Q(('refusal', ''), _negated=True)), models.Q(models.Q(('state', 'returned'), _negated=True), ('refusal', '')), _connector='OR'), name='escalation_returned_by_code'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'linked'), _negated=True), models.Q(('incident_id', ''), _negated=True), _connector='OR'), name='escalation_linked_to_an_incident'), models.CheckConstraint(condition=models.Q(('ok_to_contact', False), models.Q(('contact_number', ''), _negated=True), _connector='OR'), name='escalation_contact_needs_a_number'), models.CheckConstraint(condition=models.Q(models.Q(('error_text', ''), _negated=True), models.Q(('page', ''), _negated=True)), name='escalation_error_text_given'), models.CheckConstraint(condition=models.Q(models.Q(('snooze_reason', ''), ('snoozed_until', None)), models.Q(('snoozed_until__isnull', False), models.Q(('snooze_reason', ''), _negated=True)), _connector='OR'), name='escalation_snooze_has_reason')],
            },
        ),
        migrations.CreateModel(
            name='EscalationMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('kind', models.CharField(choices=[('ask', 'IT asks'), ('answer', 'IT answers'), ('return', 'IT sent it back'), ('reply', 'The office writes'), ('withdraw', 'Taken back or ended'), ('note', 'Note for IT')], max_length=12)),
                ('by_id', models.CharField(blank=True, max_length=20)),
                ('by_label', models.CharField(max_length=160)),
                ('body', models.TextField()),
                ('at', models.DateTimeField()),
                ('flag', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='exchange', to='triage.escalation')),
            ],
            options={
                'ordering': ('at', 'id'),
                'indexes': [models.Index(fields=['flag', 'at'], name='exchange_of_flag')],
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['ask', 'answer', 'return', 'reply', 'withdraw', 'note'])), name='exchange_kind_known'), models.CheckConstraint(condition=models.Q(('body', ''), _negated=True), name='exchange_says_something')],
            },
        ),
        migrations.CreateModel(
            name='FlagWords',
            fields=[
                ('flag', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='found_by', serialize=False, to='triage.escalation')),
                ('words', triage.models.flag_words.FlagWordsField()),
            ],
        ),
        migrations.RunPython(flags_0009.FLAGS.install, flags_0009.FLAGS.remove),
        migrations.RunPython(step_0012.install, step_0012.remove),
    ]
