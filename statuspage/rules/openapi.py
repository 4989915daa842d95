"""The public API v2 as an OpenAPI document: what `rules.api_v2` builds and `views.api` takes, for programs to read."""

from typing import Any
from urllib.parse import urlsplit

from statuspage.enums import ComponentStatus, EntryPointKind, Impact, IncidentStatus, MaintenanceStatus

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
FLAG: Json = {"type": "boolean"}
MOMENT: Json = {
    "type": "string",
    "format": "date-time",
    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$",
    "examples": ["2026-11-22T14:05:07.250-05:00"],
}


def document(page_url: str) -> Json:
    """The document for the page that lives at `page_url`."""
    parts = urlsplit(page_url)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Status page API v2",
            "version": "2.0.0",
            "description": "Compatible with Statuspage's public API v2. No key is needed; every origin may read. "
            "Times carry milliseconds and the page's offset.",
        },
        "servers": [{"url": f"{parts.scheme}://{parts.netloc}"}],
        "paths": {
            "/api/v2/summary.json": _read(
                "Everything at a glance: open incidents, maintenances under way and to come",
                status=_ref("Status"), components=_rows("Component"), incidents=_rows("Incident"),
                scheduled_maintenances=_rows("ScheduledMaintenance"),
            ),
            "/api/v2/status.json": _read("The page's status alone", status=_ref("Status")),
            "/api/v2/components.json": _read("All components, and groups as containers", components=_rows("Component")),
            "/api/v2/incidents.json": _read("The 50 most recent incidents", incidents=_rows("Incident")),
            "/api/v2/incidents/unresolved.json": _read("Open incidents", incidents=_rows("Incident")),
            "/api/v2/scheduled-maintenances.json": _read(
                "The 50 most recent maintenances", scheduled_maintenances=_rows("ScheduledMaintenance")
            ),
            "/api/v2/scheduled-maintenances/upcoming.json": _read(
                "Maintenances to come", scheduled_maintenances=_rows("ScheduledMaintenance")
            ),
            "/api/v2/scheduled-maintenances/active.json": _read(
                "Maintenances under way", scheduled_maintenances=_rows("ScheduledMaintenance")
            ),
            "/api/v2/subscribers.json": {"post": _subscribe()},
            "/api/v2/subscribers/{id}.json": {
                "delete": _handle(
                    "cancelSubscription",
                    "Ask to cancel. The address gets a message with the link that does it: an id is no proof of "
                    "ownership. The answer is the same whether the id is known or not.",
                )
            },
            "/api/v2/subscriptions/{id}/resend_confirmation": {
                "post": _handle("resendConfirmation", "Send the confirmation again, if it is still waited for."),
            },
        },
        "components": {"schemas": SCHEMAS},
    }  # fmt: skip


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _rows(name: str) -> Json:
    return {"type": "array", "items": _ref(name)}


def _object(properties: Json, *, optional: tuple[str, ...] = ()) -> Json:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _or_null(schema: Json) -> Json:
    return {"anyOf": [schema, {"type": "null"}]}


def _one_of(values: list[str]) -> Json:
    return {"type": "string", "enum": values}


def _answer(description: str, schema: Json) -> Json:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _read(summary: str, **keys: Json) -> Json:
    return {
        "get": {
            "summary": summary,
            "responses": {
                "200": _answer(summary, _object({"page": _ref("Page"), **keys})),
                "304": {"description": "Unchanged since the ETag that was sent"},
                "503": _answer("The page has not been set up yet", _ref("Error")),
            },
        }
    }


_REFUSALS: Json = {
    "400": _answer("The body cannot be read", _ref("Error")),
    "422": _answer("Something that was sent cannot be used", _ref("Error")),
    "429": _answer("Too often; Retry-After says how long to wait", _ref("Error")),
}


def _subscribe() -> Json:
    fields = SCHEMAS["SubscriberRequest"]["properties"]
    return {
        "operationId": "subscribe",
        "summary": "Subscribe an e-mail address, a webhook with a contact, or a phone number",
        "description": "Nothing is sent to an address before its owner has confirmed. The answer is the same whether "
        "the address was known or not.",
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "properties": {f"subscriber[{name}]": schema for name, schema in fields.items()},
                    }
                },
                "application/json": {"schema": _object({"subscriber": _ref("SubscriberRequest")})},
            },
        },
        "responses": {
            "201": _answer("Taken down", _object({"subscriber": _ref("Subscriber")})),
            **_REFUSALS,
        },
    }


def _handle(operation: str, summary: str) -> Json:
    return {
        "operationId": operation,
        "summary": summary,
        "parameters": [
            {
                "name": "id",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9_.:-]+$"},
            }
        ],
        "responses": {
            "202": _answer("If the id is known, a message is on its way", _ref("Message")),
            "404": _answer("We never gave out this id", _ref("Error")),
            **_REFUSALS,
        },
    }


_EVENT: Json = {
    "id": TEXT, "name": TEXT, "status": _one_of(IncidentStatus.values), "created_at": MOMENT, "updated_at": MOMENT,
    "monitoring_at": _or_null(MOMENT), "resolved_at": _or_null(MOMENT), "impact": _one_of(Impact.values),
    "shortlink": {"type": "string", "format": "uri"}, "started_at": MOMENT, "page_id": TEXT,
    "incident_updates": _rows("IncidentUpdate"), "components": _rows("Component"),
    "reminder_intervals": {"type": "null"},
}  # fmt: skip

SCHEMAS: Json = {
    "Page": _object(
        {
            "id": TEXT, "name": TEXT, "url": {"type": "string", "format": "uri"},
            "time_zone": {"type": "string", "examples": ["America/New_York"]}, "updated_at": MOMENT,
        }
    ),
    "Status": _object(
        {
            "indicator": {
                **_one_of(Impact.values),
                "description": "`maintenance` while work is under way and nothing else is wrong, as on real pages.",
            },
            "description": TEXT,
        }
    ),
    "Component": _object(
        {
            "id": TEXT, "name": TEXT, "status": _one_of(ComponentStatus.values), "created_at": MOMENT,
            "updated_at": MOMENT, "position": {"type": "integer"}, "description": _or_null(TEXT), "showcase": FLAG,
            "start_date": _or_null({"type": "string", "format": "date"}), "group_id": _or_null(TEXT), "page_id": TEXT,
            "group": FLAG, "only_show_if_degraded": FLAG,
            "components": {"type": "array", "items": TEXT, "description": "Groups only: the ids of their members."},
            "alternatives": {
                "type": "array", "items": _ref("Alternative"),
                "description": "Not part of Statuspage's form: what to do instead, only while the component is "
                "affected and another way works.",
            },
        },
        optional=("components", "alternatives"),
    ),
    "Alternative": _object(
        {"kind": _one_of(EntryPointKind.values), "title": TEXT, "target": _or_null(TEXT), "text": _or_null(TEXT)}
    ),
    "Incident": _object(_EVENT),
    "ScheduledMaintenance": _object(
        {
            **_EVENT, "status": _one_of(MaintenanceStatus.values), "scheduled_for": MOMENT,
            "scheduled_until": MOMENT,
        }
    ),
    "IncidentUpdate": _object(
        {
            "id": TEXT, "status": _one_of([*IncidentStatus.values, *MaintenanceStatus.values]), "body": TEXT,
            "incident_id": TEXT, "created_at": MOMENT, "updated_at": MOMENT, "display_at": MOMENT,
            "affected_components": _or_null({**_rows("AffectedComponent"), "minItems": 1}),
            "deliver_notifications": FLAG, "custom_tweet": {"type": "null"}, "tweet_id": {"type": "null"},
        }
    ),
    "AffectedComponent": _object(
        {
            "code": TEXT, "name": {"type": "string", "examples": ["For patients - Telehealth"]},
            "old_status": _one_of(ComponentStatus.values), "new_status": _one_of(ComponentStatus.values),
        }
    ),
    "SubscriberRequest": {
        "type": "object",
        "properties": {
            "email": {"type": "string", "format": "email", "maxLength": 254},
            "endpoint": {"type": "string", "format": "uri", "description": "A webhook; needs `email` as contact."},
            "phone_number": TEXT,
            "phone_country": {"type": "string", "default": "us", "minLength": 2, "maxLength": 2},
            "component_id": TEXT,
            "incident": {"type": "string", "description": "The same as `incident_id`."},
            "incident_id": TEXT,
        },
    },
    "Subscriber": _object(
        {
            "id": TEXT, "mode": _one_of(["email", "sms", "webhook"]), "email": TEXT, "endpoint": TEXT,
            "phone_number": TEXT, "phone_country": TEXT, "created_at": MOMENT, "skip_confirmation_notification": FLAG,
            "quarantined_at": {"type": "null"}, "purge_at": {"type": "null"},
        },
        optional=("email", "endpoint", "phone_number", "phone_country"),
    ),
    "Message": _object({"message": TEXT}),
    "Error": _object({"message": TEXT, "error": _object({"code": TEXT, "message": TEXT})}),
}  # fmt: skip
