"""A form as the content of a draft, and back: what was typed survives a closed window, a crash, a change of hands."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.forms import Form
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from statuspage.enums import Audience
from statuspage.forms.composing import INTERNAL, PROMISES, KeepOrChoose

PLAIN = ("name", "body", "status", "component_status", "next_update", "length", "repeat", "nth", "weekday")
LISTS = ("reminders", "weekdays")
FLAGS = ("auto_start", "auto_complete", "silent")
MOMENTS = ("scheduled_for", "scheduled_until")


def of(form: Form, now: dt.datetime, *, offices: Mapping[str, str], zone: str) -> dict[str, Any]:
    """The content of a draft, from what was typed; the form need not be valid. Moments become absolute."""
    data, fields = form.data, form.fields
    content: dict[str, Any] = {name: str(data.get(name, "")) for name in PLAIN if name in fields}
    content |= {name: _list(data, name) for name in LISTS if name in fields}
    content |= {name: bool(data.get(name)) for name in FLAGS if name in fields}
    content |= {name: _moment(str(data.get(name, "")), zone) for name in MOMENTS if name in fields}
    if "quiet" in fields:
        content["deliver"] = not data.get("quiet")
    if "seen" in fields:
        content["seen"] = str(data.get("seen", ""))
    if "impact_override" in fields:
        content["impact_override"] = str(data.get("impact_override", "")).replace(KeepOrChoose.LEAVE, "")
    if "components" in fields:
        content["component_ids"] = _list(data, "components")
    states = {name: str(data.get(name, "")) for name in fields if name.startswith("component_") and name not in PLAIN}
    if states:
        chosen = {name.removeprefix("component_"): value for name, value in states.items()}
        content["components"] = {key: value for key, value in chosen.items() if value not in ("", KeepOrChoose.LEAVE)}
    minutes = content.get("next_update")
    if minutes and minutes in dict(PROMISES):
        content["next_update_at"] = (now + dt.timedelta(minutes=int(minutes))).isoformat()
    if content.get("length") and content.get("scheduled_for"):
        start = dt.datetime.fromisoformat(content["scheduled_for"])
        if content["length"].isdecimal():
            content["scheduled_until"] = (start + dt.timedelta(minutes=int(content["length"]))).isoformat()
    content["texts"] = _texts(data, offices)
    return content


def initial(content: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values from a draft's content; what it does not know is left out."""
    found: dict[str, Any] = {name: content[name] for name in (*PLAIN, *LISTS, *FLAGS, "seen") if name in content}
    for name in MOMENTS:
        if content.get(name):
            found[name] = dt.datetime.fromisoformat(content[name])
    if "deliver" in content:
        found["quiet"] = not content["deliver"]
    if "component_ids" in content:
        found["components"] = content["component_ids"]
    found["impact_override"] = content.get("impact_override") or KeepOrChoose.LEAVE
    found |= {f"component_{key}": value for key, value in dict(content.get("components") or {}).items()}
    for text in content.get("texts") or []:
        office = text.get("office_id", "")
        found[f"text_office_{office}" if office else f"text_{text['audience']}"] = text["body"]
    return found


def worth_keeping(form: Form) -> bool:
    """Whether anything was typed at all: an untouched form leaves no draft."""
    return any(str(form.data.get(name, "")).strip() for name in ("name", "body"))


def _list(data: Any, name: str) -> list[str]:
    return [str(value) for value in (data.getlist(name) if hasattr(data, "getlist") else data.get(name) or [])]


def _moment(typed: str, zone: str) -> str:
    try:
        moment = parse_datetime(typed) if typed else None
    except ValueError:
        return ""
    if moment is None:
        return ""
    with timezone.override(zone):
        return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).isoformat()


def _texts(data: Any, offices: Mapping[str, str]) -> list[dict[str, str]]:
    rows = [(str(audience), "", str(data.get(f"text_{audience}", ""))) for audience in INTERNAL]
    rows += [(str(Audience.OFFICE), key, str(data.get(f"text_office_{key}", ""))) for key in offices]
    return [
        {"audience": audience, "office_id": office, "body": body} for audience, office, body in rows if body.strip()
    ]
