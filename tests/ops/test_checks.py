"""What the product refuses to start with, and what it warns of before a deployment."""

import io

import pytest
from django.core.checks import run_checks
from django.core.management import CommandError, call_command

OUTSIDE = "smtp+tls://user:word@mail.example:587"


def found(*, deploy: bool = False) -> list[str | None]:
    mine = run_checks(tags=["demo", "mail"], include_deployment_checks=deploy)
    return [message.id for message in mine]


@pytest.mark.parametrize(
    "values",
    [
        {"PUBLIC_URL": "https://lantern.example"},
        {"PUBLIC_URL": "http://192.168.1.20:8000"},
        {"EMAIL_URL": OUTSIDE},
        {"TWILIO_ACCOUNT_SID": "AC1"},
    ],
    ids=str,
)
def test_the_demo_is_refused_where_others_can_reach_it(settings, values):
    settings.DEMO, settings.DEMO_ANYWAY = True, False
    for name, value in values.items():
        setattr(settings, name, value)
    assert found() == ["ops.E001"]

    settings.DEMO_ANYWAY = True
    assert found() == []
    settings.DEMO, settings.DEMO_ANYWAY = False, False
    assert found() == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_the_demo_on_this_machine_is_fine(settings, url):
    settings.DEMO, settings.PUBLIC_URL, settings.EMAIL_URL = True, url, "smtp://localhost:2525"
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_API_URL = "AC1", "http://127.0.0.1:4000"

    assert found() == []


def test_the_server_does_not_show_the_demo_to_other_machines(settings):
    settings.DEMO, settings.DEMO_ANYWAY = True, False

    with pytest.raises(CommandError, match=r"This is the demo, and it would listen on 0\.0\.0\.0") as refusal:
        call_command("serve", "--host", "0.0.0.0", stdout=io.StringIO())

    assert "DEMO=0" in str(refusal.value)


def test_the_server_does_not_leave_tasks_to_nobody(settings):
    settings.EMBEDDED = True

    with pytest.raises(CommandError, match="REDIS_URL"):
        call_command("serve", "--no-embedded", stdout=io.StringIO())


@pytest.mark.parametrize(
    ("url", "plain", "deploy"),
    [
        ("", [], ["ops.W001"]),
        (OUTSIDE, [], []),
        ("smtps://user:word@mail.example", [], []),
        ("smtp://user:word@mail.example:587", [], []),  # STARTTLS is insisted on
        ("smtp://mail.example", [], ["ops.W002"]),
        ("smtp://127.0.0.1:25", [], []),
        ("smtp+starttls://mail.example", ["ops.E002"], ["ops.E002"]),
        ("mail.example:25", ["ops.E002"], ["ops.E002"]),
    ],
)
def test_the_way_mail_leaves_is_looked_at(settings, url, plain, deploy):
    settings.DEMO, settings.DEBUG, settings.EMAIL_URL = False, False, url

    assert found() == plain
    assert found(deploy=True) == deploy
