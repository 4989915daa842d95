import django.db.models.deletion
import portal_core.kernel.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """The same tables in one step, for a database that has none: the steps it replaces take ten times as long.

    Its name says what it replaced at first: databases remember it by that.
    """

    replaces = [('access', '0001_initial'), ('access', '0002_onboarding_runs'), ('access', '0003_registration_pins'), ('access', '0004_email_changes_and_registrations'), ('access', '0005_proxies'), ('access', '0006_say_what_an_import_changed'), ('access', '0007_use_up_accepted_invitations'), ('access', '0008_more_outcomes_of_an_invitation')]

    initial = True

    dependencies = [
        ('accounts', '0003_tokens_for_programs'),
        ('directory', '0004_day_the_portal_opened'),
    ]

    operations = [
        migrations.CreateModel(
            name='EmailChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('old_email', models.EmailField(blank=True, max_length=254)),
                ('new_email', models.EmailField(blank=True, max_length=254)),
                ('method', models.CharField(blank=True, choices=[('in_person', 'In the office, with a photo ID'), ('checked', 'By an identity check'), ('imported', 'Not by us: it came from the records system')], max_length=12)),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.CharField(max_length=120)),
                ('hold_until', models.DateTimeField(null=True)),
                ('skip_reason', models.CharField(blank=True, max_length=200)),
                ('stop_hash', models.CharField(blank=True, max_length=64)),
                ('stopped_at', models.DateTimeField(null=True)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
            ],
            options={
                'indexes': [models.Index(fields=['patient', '-changed_at'], name='email_change_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('hold_until', None), ('new_email', '')), models.Q(('hold_until__isnull', False), ('skip_reason', '')), models.Q(('hold_until', None), ('method', 'in_person'), models.Q(('skip_reason', ''), _negated=True)), _connector='OR'), name='email_change_held_or_why_not'), models.CheckConstraint(condition=models.Q(('new_email', ''), models.Q(('method', ''), _negated=True), _connector='OR'), name='email_change_method_noted'), models.UniqueConstraint(condition=models.Q(('stop_hash', ''), _negated=True), fields=('stop_hash',), name='email_change_stop_once')],
            },
        ),
        migrations.CreateModel(
            name='HelpAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('flow', models.CharField(choices=[('activate', 'Create my account'), ('forgot', 'Forgot my password'), ('username', 'Forgot my user name')], max_length=10)),
                ('email_matched', models.BooleanField()),
                ('last_name_matched', models.BooleanField()),
                ('birth_date_matched', models.BooleanField()),
                ('zip_matched', models.BooleanField()),
                ('ambiguous', models.BooleanField(default=False)),
                ('succeeded', models.BooleanField()),
                ('reply_to', models.EmailField(blank=True, max_length=254)),
                ('at', models.DateTimeField()),
                ('patient', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
            ],
            options={
                'indexes': [models.Index(fields=['patient', '-at'], name='attempt_of_patient')],
                'constraints': [models.CheckConstraint(condition=models.Q(('succeeded', False), models.Q(('ambiguous', False), ('birth_date_matched', True), ('email_matched', True), ('last_name_matched', True), ('patient__isnull', False), ('zip_matched', True)), _connector='OR'), name='attempt_success_is_a_full_match'), models.CheckConstraint(condition=models.Q(('flow__in', ['activate', 'forgot', 'username'])), name='attempt_flow_known')],
            },
        ),
        migrations.CreateModel(
            name='OnboardingRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('created_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.practice')),
            ],
            options={
                'indexes': [models.Index(fields=['by', '-created_at'], name='onboarding_newest'), models.Index(condition=models.Q(('finished_at', None)), fields=['created_at'], name='onboarding_open')],
            },
        ),
        migrations.CreateModel(
            name='PortalAccess',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('level', models.CharField(choices=[('none', 'No Access to Portal'), ('can_access', 'Patient Can Access Portal')], default='none', max_length=12)),
                ('enabled_at', models.DateTimeField(null=True)),
                ('enabled_by', models.CharField(blank=True, max_length=120)),
                ('first_access_at', models.DateTimeField(null=True)),
                ('last_access_at', models.DateTimeField(null=True)),
                ('patient', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
                ('manual_password_until', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('level__in', ['none', 'can_access'])), name='access_level_known'), models.CheckConstraint(condition=models.Q(models.Q(('enabled_at', None), ('enabled_by', ''), ('level', 'none')), models.Q(('enabled_at__isnull', False), ('level', 'can_access'), models.Q(('enabled_by', ''), _negated=True)), _connector='OR'), name='access_enabled_has_time'), models.CheckConstraint(condition=models.Q(models.Q(('first_access_at', None), ('last_access_at', None)), ('first_access_at__lte', models.F('last_access_at')), _connector='OR'), name='access_first_before_last')],
            },
        ),
        migrations.CreateModel(
            name='ProxyPerson',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('name', models.CharField(max_length=120)),
                ('email', models.EmailField(max_length=254)),
                ('created_at', models.DateTimeField()),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.practice')),
                ('user', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('practice', 'email'), name='proxy_one_per_address')],
            },
        ),
        migrations.CreateModel(
            name='Registration',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('typed', models.JSONField(default=dict)),
                ('at', models.DateTimeField()),
                ('known', models.BooleanField(default=False)),
                ('hash', models.CharField(blank=True, max_length=64)),
                ('expires_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('checked_by', models.CharField(blank=True, max_length=120)),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.office')),
                ('patient', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
                ('resembles', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='directory.patient')),
            ],
            options={
                'indexes': [models.Index(fields=['office', '-at'], name='registration_newest'), models.Index(fields=['patient'], name='registration_of_patient')],
                'constraints': [models.CheckConstraint(condition=models.Q(('confirmed_at', None), ('patient__isnull', False), _connector='OR'), name='registration_confirmed_has_patient'), models.CheckConstraint(condition=models.Q(models.Q(('checked_at', None), ('checked_by', '')), models.Q(('checked_at__isnull', False), models.Q(('checked_by', ''), _negated=True)), _connector='OR'), name='registration_checked_at_and_by'), models.UniqueConstraint(condition=models.Q(('hash', ''), _negated=True), fields=('hash',), name='registration_link_once')],
            },
        ),
        migrations.CreateModel(
            name='RegistrationPin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('hash', models.CharField(max_length=64, unique=True)),
                ('issued_at', models.DateTimeField()),
                ('issued_by', models.CharField(max_length=120)),
                ('expires_at', models.DateTimeField()),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('used_at', models.DateTimeField(null=True)),
                ('voided_at', models.DateTimeField(null=True)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('used_at', None), ('voided_at', None), _connector='OR'), name='pin_used_or_voided'), models.UniqueConstraint(condition=models.Q(('used_at', None), ('voided_at', None)), fields=('patient',), name='pin_one_live')],
            },
        ),
        migrations.CreateModel(
            name='AccessToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('purpose', models.CharField(choices=[('invite', 'Invitation'), ('reset', 'Password reset'), ('pin', 'Registration PIN')], max_length=8)),
                ('hash', models.CharField(max_length=64, unique=True)),
                ('sent_to_hash', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('superseded_at', models.DateTimeField(null=True)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
                ('pin', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='access.registrationpin')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('used_at', None), ('superseded_at', None), _connector='OR'), name='token_used_or_superseded'), models.UniqueConstraint(condition=models.Q(('superseded_at', None), ('used_at', None)), fields=('patient',), name='token_one_live'), models.CheckConstraint(condition=models.Q(('purpose__in', ['invite', 'reset', 'pin'])), name='token_purpose_known')],
            },
        ),
        migrations.CreateModel(
            name='OnboardingResult',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('pending', 'Not yet'), ('sent', 'Invitation on its way'), ('recent', 'Was invited within the last day; not sent again'), ('active', 'Uses the portal already'), ('not_enabled', 'Access is not enabled: click the red rectangle first'), ('no_email', 'No e-mail on file: ask the patient for one, or set a password by hand'), ('no_zip', 'No zip code on file: put it in'), ('on_hold', 'The e-mail address was changed less than a day ago: wait for the hold to end'), ('deceased', 'On file as deceased: nothing was sent'), ('failed', 'Something went wrong on our side: invite this patient again later'), ('gone', 'No longer a patient of your offices')], default='pending', max_length=16)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='results', to='access.onboardingrun')),
                ('tries', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'indexes': [models.Index(fields=['run', 'outcome'], name='onboarding_by_outcome')],
                'constraints': [models.UniqueConstraint(fields=('run', 'patient'), name='onboarding_once_per_patient')],
            },
        ),
        migrations.CreateModel(
            name='ProxyGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('relationship', models.CharField(choices=[('parent', 'Parent'), ('guardian', 'Legal guardian of a minor'), ('spouse', 'Spouse or partner'), ('child', 'Adult child'), ('caregiver', 'Caregiver'), ('attorney', 'Holds a power of attorney')], max_length=12)),
                ('scopes', models.JSONField(default=list)),
                ('starts_on', models.DateField()),
                ('ends_on', models.DateField()),
                ('method', models.CharField(choices=[('in_person', 'In the office, with a photo ID'), ('checked', 'By an identity check'), ('imported', 'Not by us: it came from the records system')], max_length=12)),
                ('granted_at', models.DateTimeField()),
                ('granted_by', models.CharField(max_length=120)),
                ('link_hash', models.CharField(blank=True, max_length=64)),
                ('link_expires_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, max_length=120)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='directory.patient')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='grants', to='access.proxyperson')),
            ],
            options={
                'indexes': [models.Index(fields=['patient', '-granted_at'], name='proxy_of_patient')],
                'constraints': [models.CheckConstraint(condition=models.Q(('relationship__in', ['parent', 'guardian', 'spouse', 'child', 'caregiver', 'attorney'])), name='proxy_relationship_known'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on'))), name='proxy_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_by', '')), models.Q(('ended_at__isnull', False), models.Q(('ended_by', ''), _negated=True)), _connector='OR'), name='proxy_ended_at_and_by'), models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('person', 'patient'), name='proxy_one_open_grant'), models.UniqueConstraint(condition=models.Q(('link_hash', ''), _negated=True), fields=('link_hash',), name='proxy_link_once')],
            },
        ),
    ]
