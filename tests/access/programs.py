"""What a program says to the API of portal access."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.test import Client
from django.utils import timezone

from portal_core.accounts.actions import tokens
from tests.cast import PASSWORD

API = "/api/v1/"


def program(staff) -> Client:
    secret = tokens.create(user=staff.user, name="test", by=staff.actor)[1]
    return Client(headers={"Authorization": f"Bearer {secret}"})


def at(patient, tail: str = "portal/") -> str:
    return f"{API}patients/{patient.public_id}/{tail}"


def send(client: Client, method: str, path: str, body: object = None, **headers: str):
    return getattr(client, method)(
        path, body if body is not None else {}, content_type="application/json", headers=headers
    )


def post(client: Client, path: str, body: object = None, **headers: str):
    return send(client, "post", path, body, **headers)


def fields(answer) -> list[str]:
    assert answer.status_code == 422, answer.content
    return sorted(answer.json()["error"]["fields"])


def proxy_body(**more: object) -> dict[str, object]:
    today = timezone.localdate(timezone=ZoneInfo("America/Chicago"))  # of the cast's practice
    return {
        "name": "Dana Doe", "email": "dana@people.example", "relationship": "spouse", "scopes": ["schedule"],
        "starts_on": str(today), "ends_on": str(today + dt.timedelta(days=90)), "attestation_id": "att-1",
        "my_password": PASSWORD, **more,
    }  # fmt: skip
