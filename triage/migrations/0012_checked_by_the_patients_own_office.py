"""TR-01 in the database: a check is begun by somebody with an office role in the patient's own office, and what it
allows is for the patient and the ticket it was made about.

On PostgreSQL, where several processes write side by side. SQLite cannot rebuild a table that a trigger of another one
names, so that every later migration of people would fail there; its one writer at a time stands behind the action's
own check.
"""

from django.db import migrations

ATTEMPT, ATTESTATION = "triage_verificationattempt", "triage_attestation"
REFUSED = "only the patient''s own office checks who somebody is"

OF_THE_OFFICE = """EXISTS (
        SELECT 1 FROM directory_roleassignment r
        JOIN directory_staff s ON s.id = r.staff_id
        JOIN directory_patient p ON p.id = NEW.patient_id
        WHERE r.id = NEW.membership_id AND r.staff_id = NEW.attester_id AND r.role = NEW.attester_role
          AND s.practice_id = p.practice_id AND NEW.office_id = p.home_office_id
          AND (r.office_id IS NULL OR r.office_id = p.home_office_id)
    )"""
OF_ITS_CHECK = f"""EXISTS (
        SELECT 1 FROM {ATTEMPT} a
        WHERE a.id = NEW.attempt_id AND a.patient_id = NEW.patient_id AND a.ticket_id = NEW.ticket_id
          AND a.outcome = 'passed'
    )"""  # noqa: S608 - names of this module's own
TRIGGERS = (
    ("attempt_by_the_patients_office", ATTEMPT, OF_THE_OFFICE),
    ("attestation_of_its_check", ATTESTATION, OF_ITS_CHECK),
)

POSTGRESQL = tuple(
    f"""
CREATE FUNCTION {name}() RETURNS trigger AS $$
BEGIN
    IF NOT {condition} THEN
        RAISE EXCEPTION '{REFUSED}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
"""
    for name, table, condition in TRIGGERS
)
POSTGRESQL_BACK = tuple(
    f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();" for name, table, _condition in TRIGGERS
)


def install(apps, schema_editor):
    _run(schema_editor.connection, POSTGRESQL)


def remove(apps, schema_editor):
    _run(schema_editor.connection, POSTGRESQL_BACK)


def _run(connection, statements):
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("triage", "0011_what_was_said_about_flags")]
    operations = [migrations.RunPython(install, remove)]
