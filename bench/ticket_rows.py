"""Rows for `bench.many_tickets`, made by the database itself: a practice of eighteen offices, twenty thousand patients,
and as many tickets as wanted, two years of them closed and one in fifty still open."""

import random
from typing import NamedTuple

OFFICES, PATIENTS, COLLEAGUES = 18, 20_000, 40
CHANCE = "(hashint4(n::int) & 2147483647)"  # the same in every run, and not in step with n
FIRST = ("Ana", "Ben", "Carla", "Dan", "Eva", "Finn", "Gina", "Hugo", "Iris", "Jon", "Kira", "Leo", "Mia", "Nils")
LAST = (
    "Abbott", "Baker", "Castillo", "Delgado", "Evans", "Fischer", "Garcia", "Hughes", "Ito", "Jensen", "Kowalski",
    "Lopez", "Meyer", "Nguyen", "Okafor", "Petrov", "Quinn", "Rossi", "Schmidt", "Tanaka", "Ueda", "Vargas", "Walker",
)  # fmt: skip
WORDS = (
    "portal", "password", "reset", "message", "attachment", "appointment", "video", "camera", "refill", "result",
    "browser", "phone", "error", "screen", "account", "letter", "clinic", "insurance", "form", "link", "code", "mail",
)  # fmt: skip
KINDS = ("LOGIN_PWD", "LOGIN_UID", "NOT_SETUP", "MSG_NOT_RECEIVED", "ATTACH_OPEN", "TH_JOIN", "BROWSER", "OTHER")


class Sample(NamedTuple):
    """A ticket to open, and what it is found by."""

    id: str
    reference: str
    first: str
    last: str
    phone: str
    rare: str


def people(password: str) -> None:
    """Practice, offices, colleagues: Olivia of one office, Ana who serves all."""
    from django.contrib.auth.hashers import make_password

    from portal_core.accounts.models import User
    from portal_core.directory.enums import Role
    from portal_core.directory.models import Office, Practice, RoleAssignment, Staff
    from portal_core.kernel.enums import Realm

    practice = Practice.objects.create(name="Bench", slug="bench", time_zone="America/Chicago")
    offices = [
        Office.objects.create(practice=practice, name=f"Office {n:02}", is_main=n == 0, time_zone="America/Chicago")
        for n in range(OFFICES)
    ]
    secret = make_password(password)
    named = {"olivia": (Role.OFFICE_STAFF, offices[0]), "ana": (Role.OFFICE_STAFF, None)}
    for n in range(COLLEAGUES):
        named[f"colleague{n}"] = (Role.OFFICE_STAFF, offices[n % OFFICES])
    for name, (role, office) in named.items():
        user = User(username=name, realm=Realm.STAFF, password=secret)
        user.save()
        person = Staff.objects.create(practice=practice, user=user, first_name=name.title(), last_name="Staff")
        RoleAssignment.objects.create(staff=person, role=role, office=office)


def make(count: int) -> None:
    """`count` tickets with two messages each, their words, clocks, ratings and some flags."""
    from django.db import connection

    from helpdesk.models import PhoneCall, SearchEntry, Ticket, TicketMessage, TicketRating, TicketSegment
    from portal_core.access.models import PortalAccess
    from portal_core.directory.models import Office, Patient, Practice, Staff
    from triage.models import Escalation

    practice = Practice.objects.get().pk
    offices = list(Office.objects.order_by("pk").values_list("pk", flat=True))
    staff = list(Staff.objects.order_by("pk").values_list("pk", flat=True))
    live_every = max(3, min(50, count // 300))
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute("SET work_mem = '64MB'")
        cursor.execute("SET session_replication_role = replica")  # no look-up per row for every foreign key
        tables = (Patient, Ticket, PhoneCall, TicketMessage, SearchEntry, TicketSegment, TicketRating, Escalation)
        indexes = _without_indexes(cursor, [one._meta.db_table for one in tables])
        home = f"({_array(offices)})[1 + n % {OFFICES}]"
        _fill(
            cursor, Patient, f"generate_series(1, {PATIENTS}) n", id="n", public_id="'p' || lpad(n::text, 19, '0')",
            practice_id=str(practice), home_office_id=home, mrn="'M' || n", first_name=_pick(FIRST, "n"),
            last_name=_pick(LAST, "n / 7"), birth_date="date '1940-01-01' + n", zip="'62704'",
            email="'p' || n || '@example.test'", phone="'+1217' || lpad((n * 37 % 10000000)::text, 7, '0')",
            phone_since="now() - interval '400 days'", email_since="now() - interval '400 days'",
        )  # fmt: skip
        _fill(
            cursor, PortalAccess, f"generate_series(1, {PATIENTS}) n", patient_id="n",
            level="'can_access'", enabled_at="now()", enabled_by="'Bench'",
        )  # fmt: skip
        live, patient = f"n % {live_every} = 0", f"(1 + {CHANCE} % {PATIENTS})"
        turns = f"(ARRAY['new','open','open','wait_patient'])[1 + n / {live_every} % 4]"
        state = f"CASE WHEN {live} THEN {turns} ELSE 'closed' END"
        ours = f"({live} AND n / {live_every} % 4 < 3)"
        waits = f"({live} AND n / {live_every} % 4 = 3)"
        ago = f"CASE WHEN {live} THEN interval '5 days' ELSE interval '730 days' END"
        opened = f"(now() - {ago} * (n::bigint * 7919 % 100000 / 100000.0))"
        _fill(
            cursor, Ticket, f"generate_series(1, {count}) n", id="n", public_id="'t' || lpad(n::text, 19, '0')",
            reference="upper(substr(lpad(to_hex(n), 7, '0'), 1, 4) || '-' || substr(lpad(to_hex(n), 7, '0'), 5))",
            practice_id=str(practice), office_id=home.replace("n %", f"{patient} %"), side="'office'",
            category=_pick(KINDS, f"{CHANCE} / 7"),
            channel=f"(ARRAY['web','phone','email','portal'])[1 + {CHANCE} / 64 % 4]",
            requester_kind="'patient'", patient_id=patient,
            requester_name=f"{_pick(FIRST, patient)} || ' ' || {_pick(LAST, patient + ' / 7')}",
            requester_email=f"'p' || {patient} || '@example.test'", subject="'A question about the portal'",
            requester_phone=f"'+1217' || lpad(({patient} * 37 % 10000000)::text, 7, '0')",
            owner_id=f"CASE WHEN {live} AND n % 3 = 0 THEN NULL ELSE ({_array(staff)})[1 + n % {len(staff)}] END",
            error_text=f"CASE WHEN n % 4 = 0 THEN 'Error ' || {_pick(WORDS, 'n')} ELSE '' END",
            device="""'{"browser": "Chrome 141", "os": "Windows 11"}'""", state=state,
            call_seconds=f"CASE WHEN {CHANCE} / 64 % 4 = 1 THEN 90 + n % 2500 END",
            wait_reason=f"CASE WHEN {waits} THEN 'answer' ELSE '' END",
            wake_at=f"CASE WHEN {waits} THEN now() + interval '3 days' END", turn_since=opened,
            first_response_at=f"CASE WHEN {live} THEN NULL ELSE {opened} + interval '2 hours' END",
            solved_at=f"CASE WHEN {live} THEN NULL ELSE {opened} + interval '1 day' END",
            solved_by=f"CASE WHEN {live} THEN '' ELSE 'Colleague' END",
            resolution=f"CASE WHEN {live} THEN '' ELSE 'office' END",
            closed_at=f"CASE WHEN {live} THEN NULL ELSE {opened} + interval '8 days' END",
            first_due_at=f"{opened} + interval '3 hours'", version="1", created_at=opened, updated_at=opened,
            due_at=f"CASE WHEN {ours} THEN now() + interval '1 hour' * (n % 72 - 24) END",
            resolve_due_at=f"CASE WHEN {live} THEN {opened} + interval '2 days' END",
            solved_in_time=f"CASE WHEN {live} THEN NULL ELSE n % 5 > 0 END",
            used_minutes=f"CASE WHEN {live} THEN NULL ELSE 60 + n % 900 END",
        )  # fmt: skip
        _fill(
            cursor, PhoneCall, f"generate_series(1, {count}) n WHERE {CHANCE} / 64 % 4 = 1",
            public_id="'c' || lpad(n::text, 19, '0')", practice_id=str(practice), ticket_id="n", side="'office'",
            office_id=home.replace("n %", f"{patient} %"), direction="'in'", state="'ended'", outcome="'talked'",
            red_flags="'[]'", started_at=opened, ended_at=opened, seconds="90 + n % 2500",
        )  # fmt: skip
        rare = "substr(md5((n % 50000)::text), 1, 8)"
        body = f"{_pick(WORDS, 'n')} || ' and ' || {_pick(WORDS, 'n / 22')} || ' do not work, it says ' || {rare}"
        _fill(
            cursor, TicketMessage, f"generate_series(1, {count}) n, generate_series(1, 2) k", id="2 * n + k - 2",
            public_id="'m' || lpad((2 * n + k - 2)::text, 19, '0')", ticket_id="n", body=body, visibility="'patient'",
            author_kind="CASE k WHEN 1 THEN 'requester' ELSE 'office' END", author_label="'Somebody'",
            at=f"{opened} + k * interval '1 hour'",
        )  # fmt: skip
        known = [_pick(WORDS, "n"), _pick(WORDS, "n / 22"), rare, _pick(FIRST, patient), _pick(LAST, patient + " / 7")]
        number = "lpad(to_hex(n), 7, '0')"
        known += [f"'p' || {patient}", number, f"substr({number}, 1, 4)", f"substr({number}, 5)"]
        known.append(f"'217' || lpad(({patient} * 37 % 10000000)::text, 7, '0')")
        plain = "'and do not work it says a question about the portal example test'"
        said = f"lower(concat_ws(' ', {', '.join(known)}, {plain}))"
        _fill(cursor, SearchEntry, f"generate_series(1, {count}) n", ticket_id="n", words=said)
        _fill(
            cursor, TicketSegment, f"generate_series(1, {count}) n", ticket_id="n", state="'open'", minutes="60",
            turn="CASE WHEN n % 3 = 0 THEN 'patient' ELSE 'office' END", began_at=opened,
            ended_at=f"CASE WHEN {live} THEN NULL ELSE {opened} + interval '1 day' END",
        )  # fmt: skip
        _fill(
            cursor, TicketRating, f"generate_series(1, {count}, 10) n", ticket_id="n", solved="n % 7 > 0", at=opened,
            round="0",
        )  # fmt: skip
        _fill(
            cursor, Escalation, f"generate_series(1, {count}, 20) n", id="n",
            public_id="'f' || lpad(n::text, 19, '0')", ticket_id="n", practice_id=str(practice),
            office_id=home.replace("n %", f"{patient} %"), sent_by_id=str(staff[0]), category=_pick(KINDS, "n"),
            reason="'error_message'", error_text="'none'", page="'sign-in'", happened_at=opened, device="'{}'",
            steps_done="'[]'", identity_not_needed="true", impact="'one'", created_at=opened, changed_at=opened,
            state=f"CASE WHEN {ours} AND n % {20 * live_every} = 1 THEN 'sent' ELSE 'done' END",
        )  # fmt: skip
        for statement in indexes:
            cursor.execute(statement)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute("VACUUM ANALYZE")


def samples(count: int, size: int) -> dict[str, list[Sample]]:
    """Tickets to open, half of them live, of one office and of all."""
    from helpdesk.models import Ticket
    from portal_core.directory.models import Office

    dice, found = random.Random(7), {}
    for who, rows in {
        "one office": Ticket.objects.filter(office=Office.objects.order_by("pk").first()),
        "all offices": Ticket.objects.all(),
    }.items():
        live = list(rows.exclude(state="closed").values_list("pk", flat=True)[:2000])
        done = list(rows.filter(state="closed", pk__gt=dice.randrange(size // 2)).values_list("pk", flat=True)[:2000])
        keys = [dice.choice(live if n % 2 else done) for n in range(count)]
        known = {row.pk: row for row in Ticket.objects.filter(pk__in=keys).select_related("patient")}
        found[who] = [_sample(known[key]) for key in keys]
    return found


def _sample(row: "object") -> Sample:
    import hashlib

    rare = hashlib.md5(str(row.pk % 50000).encode(), usedforsecurity=False).hexdigest()[:8]  # type: ignore[attr-defined]
    return Sample(
        id=row.public_id, reference=row.reference, first=row.patient.first_name, last=row.patient.last_name,  # type: ignore[attr-defined]
        phone=row.requester_phone, rare=rare,  # type: ignore[attr-defined]
    )  # fmt: skip


def _array(keys: list[int]) -> str:
    return f"ARRAY[{','.join(map(str, keys))}]"


def _pick(words: tuple[str, ...], number: str) -> str:
    return f"(ARRAY[{','.join(repr(one) for one in words)}])[1 + ({number}) % {len(words)}]"


def _fill(cursor: "object", model: "object", source: str, **columns: str) -> None:
    """INSERT … SELECT; a column nobody named is empty, whatever that is for its type."""
    from django.db import models

    named = dict(columns)
    for field in model._meta.concrete_fields:  # type: ignore[attr-defined]
        if field.column in named or field.generated or isinstance(field, models.AutoField | models.BigAutoField):
            continue
        named[field.column] = _empty(field)
    quoted = ", ".join(f'"{name}"' for name in named)
    cursor.execute(  # type: ignore[attr-defined]
        f'INSERT INTO "{model._meta.db_table}" ({quoted}) SELECT {", ".join(named.values())} FROM {source}'  # type: ignore[attr-defined]
    )


def _empty(field: "object") -> str:
    from django.db import models

    if field.null:  # type: ignore[attr-defined]
        return "NULL"
    if isinstance(field, models.BooleanField):
        return "false"
    if isinstance(field, models.JSONField):
        return "'{}'"
    if isinstance(field, models.IntegerField):
        return "0"
    if isinstance(field, models.DateTimeField):
        return "now()"
    return "''"


def _without_indexes(cursor: "object", tables: list[str]) -> list[str]:
    """Drop what is not needed for a constraint; return how to make it again. Building an index at the end is several
    times quicker than keeping it up for a million rows."""
    cursor.execute(  # type: ignore[attr-defined]
        """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
           JOIN pg_class t ON t.oid = i.indrelid LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
           WHERE t.relname = ANY(%s) AND c.oid IS NULL AND NOT i.indisprimary""",
        [tables],
    )
    found = cursor.fetchall()  # type: ignore[attr-defined]
    for name, _definition in found:
        cursor.execute(f"DROP INDEX {name}")  # type: ignore[attr-defined]
    return [definition for _name, definition in found]
