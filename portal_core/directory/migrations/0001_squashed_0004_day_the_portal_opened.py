import django.db.models.deletion
import django.db.models.functions.text
import portal_core.kernel.ids
from django.conf import settings
from django.db import migrations, models

from importlib import import_module

step_0006 = import_module("portal_core.directory.migrations.0006_patients_by_their_words")


class Migration(migrations.Migration):
    """The same tables in one step, for a database that has none: the steps it replaces take ten times as long.

    Its name says what it replaced at first: databases remember it by that.
    """

    replaces = [('directory', '0001_initial'), ('directory', '0002_second_step_for_staff'), ('directory', '0003_self_registration'), ('directory', '0004_day_the_portal_opened'), ('directory', '0005_ages_of_proxies'), ('directory', '0006_patients_by_their_words'), ('directory', '0007_staff_sign_in_links')]

    initial = True

    dependencies = [
        ('accounts', '0003_tokens_for_programs'),
    ]

    operations = [
        migrations.CreateModel(
            name='Practice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('name', models.CharField(max_length=160)),
                ('slug', models.SlugField(max_length=60, unique=True)),
                ('time_zone', models.CharField(default='America/New_York', max_length=64)),
                ('fhir_id', models.CharField(blank=True, max_length=64)),
                ('telehealth_enabled', models.BooleanField(default=False)),
                ('allow_group_telehealth', models.BooleanField(default=False)),
                ('patient_support_mode', models.CharField(choices=[('office_only', 'Patients write to their office'), ('patient_line', 'Patients may write to the support line')], default='office_only', max_length=20)),
                ('staff_second_step', models.BooleanField(default=False)),
                ('self_registration', models.BooleanField(default=False)),
                ('went_live_on', models.DateField(null=True)),
                ('proxy_limited_from', models.PositiveSmallIntegerField(default=12)),
                ('proxy_own_from', models.PositiveSmallIntegerField(default=18)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('proxy_limited_from__lte', models.F('proxy_own_from')), ('proxy_own_from__gte', 12), ('proxy_own_from__lte', 21)), name='practice_proxy_ages_in_order')],
            },
        ),
        migrations.CreateModel(
            name='Staff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('first_name', models.CharField(max_length=80)),
                ('last_name', models.CharField(max_length=80)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=32)),
                ('npi', models.CharField(blank=True, max_length=20)),
                ('fhir_id', models.CharField(blank=True, max_length=64)),
                ('is_active', models.BooleanField(default=True)),
                ('waiting_room_enabled', models.BooleanField(default=False)),
                ('room_slug', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staff', to='directory.practice')),
                ('user', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='staff', to=settings.AUTH_USER_MODEL)),
                ('link_expires_at', models.DateTimeField(null=True)),
                ('link_hash', models.CharField(blank=True, max_length=64)),
            ],
            options={
                'indexes': [models.Index(fields=['practice', 'last_name', 'first_name'], name='staff_list')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('fhir_id', ''), _negated=True), fields=('practice', 'fhir_id'), name='staff_one_per_fhir_id'), models.UniqueConstraint(condition=models.Q(('link_hash', ''), _negated=True), fields=('link_hash',), name='staff_link_once'), models.CheckConstraint(condition=models.Q(models.Q(('link_expires_at', None), ('link_hash', '')), models.Q(models.Q(('link_hash', ''), _negated=True), ('link_expires_at__isnull', False)), _connector='OR'), name='staff_link_ends')],
            },
        ),
        migrations.CreateModel(
            name='Office',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('name', models.CharField(max_length=160)),
                ('phone', models.CharField(blank=True, max_length=32)),
                ('street', models.CharField(blank=True, max_length=200)),
                ('city', models.CharField(blank=True, max_length=100)),
                ('state', models.CharField(blank=True, max_length=40)),
                ('zip', models.CharField(blank=True, max_length=16)),
                ('time_zone', models.CharField(blank=True, max_length=64)),
                ('is_main', models.BooleanField(default=False)),
                ('is_active', models.BooleanField(default=True)),
                ('fhir_id', models.CharField(blank=True, max_length=64)),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offices', to='directory.practice')),
            ],
            options={
                'indexes': [models.Index(fields=['practice', 'name'], name='office_list')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('fhir_id', ''), _negated=True), fields=('practice', 'fhir_id'), name='office_one_per_fhir_id'), models.UniqueConstraint(condition=models.Q(('is_main', True)), fields=('practice',), name='office_one_main')],
            },
        ),
        migrations.CreateModel(
            name='Patient',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', portal_core.kernel.ids.PublicIdField(default=portal_core.kernel.ids.new_public_id, editable=False, max_length=20, unique=True)),
                ('mrn', models.CharField(max_length=64)),
                ('first_name', models.CharField(max_length=80)),
                ('last_name', models.CharField(max_length=80)),
                ('preferred_name', models.CharField(blank=True, max_length=80)),
                ('birth_date', models.DateField(null=True)),
                ('email', models.EmailField(blank=True, max_length=254)),
                ('email_since', models.DateTimeField(null=True)),
                ('phone', models.CharField(blank=True, max_length=32)),
                ('phone_since', models.DateTimeField(null=True)),
                ('street', models.CharField(blank=True, max_length=200)),
                ('city', models.CharField(blank=True, max_length=100)),
                ('state', models.CharField(blank=True, max_length=40)),
                ('zip', models.CharField(blank=True, max_length=16)),
                ('language', models.CharField(blank=True, max_length=16)),
                ('deceased', models.BooleanField(default=False)),
                ('fhir_id', models.CharField(blank=True, max_length=64)),
                ('home_office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='patients', to='directory.office')),
                ('user', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='patient', to=settings.AUTH_USER_MODEL)),
                ('practice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='patients', to='directory.practice')),
                ('primary_clinician', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='directory.staff')),
            ],
            options={
                'indexes': [models.Index(fields=['practice', 'last_name', 'first_name'], name='patient_list'), models.Index(fields=['home_office', 'last_name', 'first_name'], name='patient_by_office'), models.Index(django.db.models.functions.text.Lower('email'), models.F('practice'), name='patient_by_email'), models.Index(fields=['practice', 'birth_date'], name='patient_by_birth_date')],
                'constraints': [models.UniqueConstraint(fields=('practice', 'mrn'), name='patient_one_per_mrn'), models.UniqueConstraint(condition=models.Q(('fhir_id', ''), _negated=True), fields=('practice', 'fhir_id'), name='patient_one_per_fhir_id')],
            },
        ),
        migrations.CreateModel(
            name='RoleAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('owner', 'Practice owner'), ('manager', 'Practice manager'), ('administrator', 'Practice administrator'), ('scheduler', 'Scheduler'), ('biller', 'Biller'), ('office_staff', 'Office staff'), ('office_manager', 'Office manager'), ('clinician', 'Clinician'), ('intern', 'Intern'), ('it_agent', 'IT agent'), ('it_lead', 'IT lead'), ('status_operator', 'Status page operator'), ('privacy_officer', 'Privacy officer')], max_length=20)),
                ('teletherapy', models.BooleanField(default=False)),
                ('fhir_id', models.CharField(blank=True, max_length=64)),
                ('office', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.office')),
                ('staff', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='role_assignments', to='directory.staff')),
                ('supervisor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.staff')),
            ],
            options={
                'indexes': [models.Index(fields=['office', 'role'], name='role_by_office')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('office__isnull', False)), fields=('staff', 'role', 'office'), name='role_once_per_office'), models.UniqueConstraint(condition=models.Q(('office', None)), fields=('staff', 'role'), name='role_once'), models.CheckConstraint(condition=models.Q(('teletherapy', False), ('role__in', ['clinician', 'intern']), _connector='OR'), name='role_teletherapy_for_clinicians'), models.CheckConstraint(condition=models.Q(models.Q(('role__in', ['it_agent', 'it_lead', 'status_operator']), _negated=True), ('office', None), _connector='OR'), name='role_it_without_office')],
            },
        ),
        migrations.RunPython(step_0006.install, step_0006.remove),
    ]
