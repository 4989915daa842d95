"""One NDJSON line → one row, or a Refusal that says what is wrong and never quotes the line. Pure functions."""

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from portal_core.notify.rules.addresses import can_be_mailed

MAX_LINE = 1024 * 1024  # bytes; the largest resource of the public synthetic sets is 4 kB
NPI = "http://hl7.org/fhir/sid/us-npi"
FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")

Json = dict[str, Any]


class Refusal(Exception):
    """A line that cannot be imported. `code` is stable, the text is for the person at the terminal."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.code, self.what = code, what


@dataclass(frozen=True, slots=True)
class Ref:
    """A reference to another resource: by FHIR id (`system` empty) or by a business identifier."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    street: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRow:
    fhir_id: str
    name: str
    part_of: Ref | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationRow:
    fhir_id: str
    name: str
    phone: str
    address: Address
    active: bool | None  # None: not stated
    is_place: bool  # False for a mere kind of location, such as "the patient's home"


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRow:
    fhir_id: str
    first_name: str
    last_name: str
    npi: str
    email: str
    phone: str
    active: bool | None  # None: not stated
    remark: str = ""  # what was left out of it, and why


@dataclass(frozen=True, slots=True, kw_only=True)
class PractitionerRoleRow:
    fhir_id: str
    practitioner: Ref
    locations: tuple[Ref, ...]
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientRow:
    fhir_id: str
    mrn: str  # "": not stated
    first_name: str
    last_name: str
    preferred_name: str
    birth_date: dt.date | None
    email: str
    phone: str
    address: Address
    language: str
    deceased: bool | None  # None: not stated
    remark: str = ""  # what was left out of it, and why


Row = OrganizationRow | LocationRow | PractitionerRow | PractitionerRoleRow | PatientRow


def line(raw: bytes, kind: str) -> Row:
    """Parse one line of a file of `kind` resources. Raises Refusal."""
    if len(raw) > MAX_LINE:
        raise Refusal("line_too_long", f"is longer than {MAX_LINE} bytes")
    try:
        resource = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Refusal("not_utf8", f"is not UTF-8 (byte {error.start + 1})") from None
    except json.JSONDecodeError as error:
        raise Refusal("not_json", f"is not JSON (column {error.colno})") from None
    except (RecursionError, ValueError):
        raise Refusal("not_json", "is nested too deeply or holds a number no computer can read") from None
    if not isinstance(resource, dict):
        raise Refusal("not_an_object", "is not a JSON object")
    if resource.get("resourceType") != kind:
        raise Refusal("wrong_type", f"resourceType is not {kind}")
    return PARSERS[kind](resource)


def organization(resource: Json) -> OrganizationRow:
    part_of = resource.get("partOf")
    return OrganizationRow(
        fhir_id=_id(resource),
        name=_required(_text(resource, "name", 160), "name"),
        part_of=_ref(part_of, "partOf") if part_of is not None else None,
    )


def location(resource: Json) -> LocationRow:
    is_place = resource.get("mode", "instance") == "instance"
    name = _text(resource, "name", 160)
    return LocationRow(
        fhir_id=_id(resource),
        name=_required(name, "name") if is_place else name,
        phone=_telecom(resource, "phone", 32),
        address=_address(resource.get("address"), "address"),
        active=None if resource.get("status") is None else resource["status"] == "active",
        is_place=is_place,
    )


def practitioner(resource: Json) -> PractitionerRow:
    first, last, _preferred = _names(resource)
    email, remark = _email(resource)
    return PractitionerRow(
        fhir_id=_id(resource),
        first_name=first,
        last_name=last,
        npi=_identifier(resource, lambda entry: entry.get("system") == NPI, 20),
        email=email,
        phone=_telecom(resource, "phone", 32),
        active=_bool(resource, "active"),
        remark=remark,
    )


def practitioner_role(resource: Json) -> PractitionerRoleRow:
    places = _list(resource, "location")
    return PractitionerRoleRow(
        fhir_id=_id(resource),
        practitioner=_ref(resource.get("practitioner"), "practitioner"),
        locations=tuple(_ref(place, "location") for place in places),
        active=_bool(resource, "active") is not False,
    )


def patient(resource: Json) -> PatientRow:
    fhir_id = _id(resource)
    first, last, preferred = _names(resource)
    addresses = _list(resource, "address")
    email, remark = _email(resource)
    home = next((one for one in addresses if isinstance(one, dict) and one.get("use") == "home"), None)
    return PatientRow(
        fhir_id=fhir_id,
        mrn=_identifier(resource, _is_record_number, 64),
        first_name=first,
        last_name=last,
        preferred_name=preferred,
        birth_date=_date(resource, "birthDate"),
        email=email,
        phone=_telecom(resource, "phone", 32),
        address=_address(home or (addresses[0] if addresses else None), "address"),
        language=_language(resource),
        deceased=True if resource.get("deceasedDateTime") is not None else _bool(resource, "deceasedBoolean"),
        remark=remark,
    )


PARSERS: dict[str, Callable[[Json], Row]] = {
    "Organization": organization,
    "Location": location,
    "Practitioner": practitioner,
    "PractitionerRole": practitioner_role,
    "Patient": patient,
}


# --- pieces -----------------------------------------------------------------------------------------------------------
def _id(resource: Json) -> str:
    value = resource.get("id")
    if not isinstance(value, str) or not FHIR_ID.fullmatch(value):
        raise Refusal("bad_id", "id is missing or not a FHIR id")
    return value


def _clean(value: Any, name: str, longest: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refusal("not_text", f"{name} is not a text")
    text = value.strip()
    if len(text) > longest:
        raise Refusal("too_long", f"{name} is longer than {longest} characters")
    if any(ord(sign) < 32 or 0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        raise Refusal("bad_text", f"{name} holds characters that are no text")
    return text


def _text(where: Json, name: str, longest: int) -> str:
    return _clean(where.get(name), name, longest)


def _required(value: str, name: str) -> str:
    if not value:
        raise Refusal("missing", f"{name} is missing")
    return value


def _bool(where: Json, name: str) -> bool | None:
    """None where it is not stated: then what is on file stays."""
    value = where.get(name)
    if value is not None and not isinstance(value, bool):
        raise Refusal("not_a_bool", f"{name} is neither true nor false")
    return value


def _list(where: Json, name: str) -> list[Any]:
    value = where.get(name, [])
    if not isinstance(value, list):
        raise Refusal("not_a_list", f"{name} is not a list")
    return value


def _entries(where: Json, name: str) -> list[Json]:
    entries = _list(where, name)
    if not all(isinstance(entry, dict) for entry in entries):
        raise Refusal("not_an_object", f"{name} holds something that is not an object")
    return entries


def _names(resource: Json) -> tuple[str, str, str]:
    """(first, last, preferred). The official name counts, else the first; a nickname is what the person likes."""
    names = _entries(resource, "name")
    official = next((name for name in names if name.get("use") == "official"), names[0] if names else {})
    given = _list(official, "given")
    first = _clean(given[0] if given else None, "name.given", 80)
    last = _clean(official.get("family"), "name.family", 80)
    if not last:
        raise Refusal("missing", "name.family is missing")
    nickname = next((name for name in names if name.get("use") in ("usual", "nickname")), {})
    nick = _list(nickname, "given")
    return first, last, _clean(nick[0] if nick else None, "name.given", 80)


def _telecoms(resource: Json, system: str, longest: int) -> list[str]:
    return [
        _clean(entry.get("value"), f"telecom.{system}", longest)
        for entry in _entries(resource, "telecom")
        if entry.get("system") == system and entry.get("use") != "old"
    ]


def _telecom(resource: Json, system: str, longest: int) -> str:
    return next(iter(_telecoms(resource, system, longest)), "")


def _email(resource: Json) -> tuple[str, str]:
    """(the first address that mail can be sent to, or ""; a remark where there are others only).

    One that no mail can be sent to would lie in wait on file until something has to be told to everybody at once.
    """
    given = [address for address in _telecoms(resource, "email", 254) if address]
    usable = next((address for address in given if can_be_mailed(address)), "")
    return usable, "telecom.email is no address that mail can be sent to; left out" if given and not usable else ""


def _identifier(resource: Json, fits: Callable[[Json], bool], longest: int) -> str:
    for entry in _entries(resource, "identifier"):
        if fits(entry):
            return _clean(entry.get("value"), "identifier.value", longest)
    return ""


def _is_record_number(identifier: Json) -> bool:
    kind = identifier.get("type")
    codings = _entries(kind, "coding") if isinstance(kind, dict) else []
    return any(coding.get("code") == "MR" for coding in codings)


def _address(value: Any, name: str) -> Address:
    if value is None:
        return Address()
    if not isinstance(value, dict):
        raise Refusal("not_an_object", f"{name} is not an object")
    lines = [_clean(part, f"{name}.line", 200) for part in _list(value, "line")]
    return Address(
        street=_clean(", ".join(lines), f"{name}.line", 200),
        city=_clean(value.get("city"), f"{name}.city", 100),
        state=_clean(value.get("state"), f"{name}.state", 40),
        zip=_zip(_clean(value.get("postalCode"), f"{name}.postalCode", 16)),
    )


def _zip(value: str) -> str:
    """Nine digits in a row are ZIP+4 without its hyphen."""
    return f"{value[:5]}-{value[5:]}" if re.fullmatch(r"\d{9}", value) else value


def _date(resource: Json, name: str) -> dt.date | None:
    """A whole date. FHIR also knows a bare year or month: then the day is not known, and neither is the date."""
    value = resource.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise Refusal("bad_date", f"{name} is not a date (YYYY-MM-DD)")
    try:
        whole = dt.date.fromisoformat((value + "-01-01")[:10] if len(value) < 10 else value)
    except ValueError:
        raise Refusal("bad_date", f"{name} is not a date (YYYY-MM-DD)") from None
    return whole if len(value) == 10 else None


def _language(resource: Json) -> str:
    spoken = _entries(resource, "communication")
    chosen = next((one for one in spoken if one.get("preferred") is True), spoken[0] if spoken else {})
    language = chosen.get("language")
    codings = _entries(language, "coding") if isinstance(language, dict) else []
    return _clean(codings[0].get("code"), "communication.language", 16) if codings else ""


def _ref(value: Any, name: str) -> Ref:
    """{"reference": "Location/<id>"}, {"reference": "Location?identifier=<system>|<value>"} or {"identifier": …}."""
    if not isinstance(value, dict):
        raise Refusal("bad_reference", f"{name} is not a reference")
    reference, identifier = value.get("reference"), value.get("identifier")
    if isinstance(reference, str):
        _kind, found, query = reference.partition("?identifier=")
        if found:
            system, bar, business = unquote(query).partition("|")
            if bar and business:
                return Ref(system, _clean(business, name, 128))
        elif FHIR_ID.fullmatch(reference.rpartition("/")[2]):
            return Ref("", reference.rpartition("/")[2])
    elif isinstance(identifier, dict) and isinstance(identifier.get("value"), str):
        return Ref(_clean(identifier.get("system"), name, 255), _clean(identifier["value"], name, 128))
    raise Refusal("bad_reference", f"{name} does not say what it refers to")
