import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import LazySettings

from tests.fakes.smtp import SmtpSink, smtp_sink
from tests.fakes.twilio_server import TwilioDouble, twilio_double

TEMPLATES = Path(__file__).parent / "templates"
NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _sample_templates(settings: LazySettings) -> None:
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [TEMPLATES]}]
    settings.MAIL_FROM = "Praxis Süd <no-reply@lantern.example>"
    settings.PUBLIC_URL = "https://lantern.example"


@pytest.fixture
def sink(settings: LazySettings) -> Iterator[SmtpSink]:
    with smtp_sink() as server:
        settings.EMAIL_URL = server.url
        yield server


@pytest.fixture
def twilio(settings: LazySettings) -> Iterator[TwilioDouble]:
    with twilio_double() as double:
        settings.TWILIO_ACCOUNT_SID = double.account
        settings.TWILIO_AUTH_TOKEN = double.token
        settings.TWILIO_API_URL = double.url
        settings.TWILIO_FROM = "+15550100"
        yield double


@pytest.fixture
def noon() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
