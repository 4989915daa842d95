"""SP-04: what the product says by itself is said in the reader's language, on the page and in mails."""

import datetime as dt
import inspect
import re

import pytest
import time_machine
from django.utils import translation

from ops import workflows
from portal_core.notify.models import Message
from statuspage.actions import maintenances, occurrences, series
from statuspage.forms.authoring import PastForm
from statuspage.forms.maintenances import CancelForm, RescheduleForm
from statuspage.models import IncidentUpdate
from statuspage.rules import sentences
from statuspage.rules.windows import in_words
from statuspage.views.console import maintenances as console
from tests.statuspage.factories import maintenance, subscriber
from triage.views import incidents as desk

START = dt.datetime(2026, 11, 20, 15, 0, tzinfo=dt.UTC)


def everything_we_say() -> set[str]:
    """What the product publishes by itself, and what it puts into forms to be published as it is."""
    views = "".join(inspect.getsource(module) for module in (console, desk))
    steps = re.findall(r'MaintenanceStatus\.\w+, "([^"]+)"|initial=\{"body": "([^"]+)"\}', views)
    offered = [PastForm.base_fields["ending"], CancelForm.base_fields["body"], RescheduleForm.base_fields["body"]]
    return {
        maintenances.STARTED, maintenances.COMPLETED, occurrences.MOVED, series.NOT_ANY_MORE, desk.FIRST_MESSAGE,
        *(str(field.initial) for field in offered), *(one or other for one, other in steps),
    }  # fmt: skip


def test_every_sentence_of_the_product_is_known_and_spoken_in_spanish():
    assert len(everything_we_say()) == 11
    assert everything_we_say() == sentences.SENTENCES
    with translation.override("es"):
        left = [words for words in sentences.SENTENCES if sentences.in_language(words) == words]
    assert left == []


def test_what_the_checks_found_is_said_with_the_name_of_the_part():
    source = inspect.getsource(workflows)
    said = [one.replace("{part.name}", "%(part)s").replace("{CALM}", "%(minutes)s") for one in re.findall(
        r'f"(\{part\.name\}[^"]*\.)"', source
    )]  # fmt: skip

    assert sorted(said) == sorted(sentences.PATTERNS)
    with translation.override("es"):
        assert sentences.in_language("Patient portal answers again. We keep watching.") == (
            "Patient portal vuelve a responder. Seguimos vigilando."
        )
        assert sentences.in_language("EHR has answered all our checks for 15 minutes.") == (
            "EHR ha respondido a todas nuestras comprobaciones durante 15 minutos."
        )


@pytest.mark.parametrize("minutes", [1, 2, 15, 59, 60, 125, 1440, 4320, 43_200])
def test_a_reminder_says_when_in_both_languages(minutes):
    stored = f"This maintenance begins in {in_words(dt.timedelta(minutes=minutes))}."

    assert sentences.in_language(f"{stored}\n\nPhones are replaced.") == f"{stored}\n\nPhones are replaced."
    with translation.override("es"):
        said = sentences.in_language(f"{stored}\n\nThis work was moved to another time.")
    assert re.fullmatch(r"Este mantenimiento comienza en \d+ (minutos?|horas?|días?)\.\n\nEstos trabajos .*\.", said)


@pytest.mark.parametrize(
    "words",
    [
        "", "Phones ring at the front desk.", "The work has begun. Phones are silent.", "100% of %(part)s fails.",
        "This maintenance begins in a while.", "x" * 25_000,
    ],
)  # fmt: skip
def test_what_operators_wrote_stays_as_it_is(words):
    with translation.override("es"):
        assert sentences.in_language(words) == words


def test_page_and_mail_speak_the_readers_language(page, client, drain):
    with time_machine.travel(START, tick=False) as moving:
        planned = maintenance(
            scheduled_for=START + dt.timedelta(hours=2), scheduled_until=START + dt.timedelta(hours=3), reminders=[60]
        )
        subscriber("ann@example.test", language="es")
        subscriber("bo@example.test", language="en")
        for minutes in (61, 121, 181):
            moving.move_to(START + dt.timedelta(minutes=minutes), tick=False)
            maintenances.run_due()
            drain()
        shown = client.get(f"/status/es/incidents/{planned.id}/").content.decode()

        assert "El mantenimiento anunciado ha comenzado." in shown
        assert "El mantenimiento ha terminado." in shown
        assert "The announced maintenance has begun." in client.get(f"/status/incidents/{planned.id}/").content.decode()
        assert "The announced maintenance has begun." in client.get("/history.atom").content.decode()
    said = {row.language: row.text for row in Message.objects.filter(template="statuspage/maintenance_started")}
    assert "El mantenimiento anunciado ha comenzado." in said["es"]
    assert "The announced maintenance has begun." in said["en"]
    reminders = {row.language: row.text for row in Message.objects.filter(template="statuspage/maintenance_reminder")}
    assert "Este mantenimiento comienza en 1 hora." in reminders["es"]
    assert "This maintenance begins in 1 hour." in reminders["en"]
    assert IncidentUpdate.objects.filter(body=maintenances.STARTED).exists()
