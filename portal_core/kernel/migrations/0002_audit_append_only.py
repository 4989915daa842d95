"""The database itself refuses to change or delete audit lines; only the one update that seals a line is let through.

SQLite drops the triggers of a table that a later migration rebuilds: such a migration has to run `install` again
(a test looks for the triggers after all migrations).
"""

from django.db import migrations

TABLE = "kernel_auditevent"
CONTENT = (
    "practice_id", "at", "action", "actor_kind", "actor_id", "actor_label", "actor_hat",
    "target_type", "target_id", "request_id", "facts",
)  # fmt: skip

POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.hash = '' AND ROW({", ".join("NEW." + c for c in ("id", *CONTENT))})
        IS NOT DISTINCT FROM ROW({", ".join("OLD." + c for c in ("id", *CONTENT))}) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit lines are append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$ LANGUAGE plpgsql;
CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
"""
POSTGRESQL_BACK = f"""
DROP TRIGGER audit_no_change ON {TABLE};
DROP TRIGGER audit_no_truncate ON {TABLE};
DROP FUNCTION audit_append_only();
"""

SQLITE = (
    f"""CREATE TRIGGER audit_no_change BEFORE UPDATE ON {TABLE}
    WHEN OLD.hash <> '' OR NEW.id IS NOT OLD.id OR {" OR ".join(f"NEW.{c} IS NOT OLD.{c}" for c in CONTENT)}
    BEGIN SELECT RAISE(ABORT, 'audit lines are append-only'); END""",
    f"""CREATE TRIGGER audit_no_delete BEFORE DELETE ON {TABLE}
    BEGIN SELECT RAISE(ABORT, 'audit lines are append-only'); END""",
)
SQLITE_BACK = ("DROP TRIGGER audit_no_change", "DROP TRIGGER audit_no_delete")


def install(apps, schema_editor):
    _run(schema_editor.connection, {"postgresql": (POSTGRESQL,), "sqlite": SQLITE})


def remove(apps, schema_editor):
    _run(schema_editor.connection, {"postgresql": (POSTGRESQL_BACK,), "sqlite": SQLITE_BACK})


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("kernel", "0001_initial")]
    operations = [migrations.RunPython(install, remove)]
