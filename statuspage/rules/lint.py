"""Honesty before publishing: does the text fit the facts, does it help, does it say what nobody may read here?

Pure. A finding is a hint to a person; a blocking one asks for a reason before it may be published all the same. It sees
forms, not meanings: it catches a slip, it does not replace reading.
"""

import datetime as dt
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from statuspage.enums import (
    UNDERWAY,
    UNRESOLVED,
    ComponentStatus,
    EventKind,
    IncidentStatus,
    MaintenanceStatus,
)
from statuspage.rules.templating import variables

EXCERPT = 60
FEWEST_WORDS = 6


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` for machines and tests, `message` says what to do, `excerpt` is the place in the text, or the part's
    name."""

    code: str
    message: str
    blocking: bool
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFacts:
    """One component as it stands now; `covered` if an active event says why."""

    name: str
    status: str
    covered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LintFacts:
    """What the page knows. `status` is the one the message will have (a postmortem tells of the past: no state
    contradicts it); `touched` the states its event will then claim; `late` names of maintenances past their end;
    `public_numbers` and `public_hosts` are ours to tell."""

    now: dt.datetime
    kind: str = EventKind.INCIDENT
    status: str = IncidentStatus.INVESTIGATING
    touched: tuple[str, ...] = ()
    parts: tuple[PartFacts, ...] = ()
    late: tuple[str, ...] = ()
    public_numbers: tuple[str, ...] = ()
    public_hosts: tuple[str, ...] = ()


def judge(text: str, facts: LintFacts, *, name: str = "") -> tuple[Finding, ...]:
    """Everything worth a second look, the blocking ones first. `name` is the event's, if it is being given now."""
    whole = f"{name}\n{text}" if name else text
    found = [
        *_unfinished(whole),
        *_people(whole, facts),
        *_innards(whole, facts),
        *_state(text, facts),
        *_help(text),
        *_page(facts),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.blocking))


# --- what identifies somebody -----------------------------------------------------------------------------------------
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_PHONE = re.compile(r"(?<![\w.:/-])(?:\+\d[\d ().-]{6,16}\d|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w/-])")
_RECORD = re.compile(
    r"\b(?:MRN|medical record|chart|patient id|patient no|patient number|client id|member id|record)\b"
    r"(?:\s{1,3}(?:number|no\.?|id))?\s{0,3}[:#]?\s{0,3}#?[A-Z]{0,4}-?\d{4,}",
    re.IGNORECASE,
)
_LONG_NUMBER = re.compile(r"(?<![\w.:/+-])\d{7,12}(?![\w/:-])")
_BIRTH = re.compile(r"\b(?:DOB|date of birth|birth ?date|birthday|born(?: on)?)\b\W{0,3}[^\n.]{0,20}\d", re.IGNORECASE)
_DATE = re.compile(r"\b(?:(?:19|20)\d\d-\d\d?-\d\d?|\d\d?[/.-]\d\d?[/.-](?:19|20)\d\d)\b")
_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof)\b\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?")
_CALLED = re.compile(
    r"\b(?:[Pp]atients?|[Cc]lients?|[Mm]embers?|[Tt]herapists?|named|called)\s+([A-Z][a-z'’-]+(?:\s+(?:[A-Z]\.|[A-Z][a-z'’-]+))?)"
)
_FILED = re.compile(r"\b[A-Z][a-z'’-]+,\s[A-Z][a-z'’-]+\s*\((?:19|20)?\d\d\b")
# What may follow "patient" with a capital letter and is nobody's name.
_NO_NAMES = frozenset(
    """portal portals record records service services support access messages message messaging appointments appointment
    care room rooms forms form visits visit scheduling billing line accounts account experience sign page pages who
    should can may will and or are""".split()  # noqa: SIM905 - a paragraph reads better than a hundred quotes
)


def _people(text: str, facts: LintFacts) -> Iterator[Finding]:
    for found in _EMAIL.finditer(text):
        if found[0].rpartition("@")[2].lower() not in facts.public_hosts:
            yield _at("email", _("This looks like an e-mail address. Nobody's belongs on a public page."), found)
    known = {_digits(number) for number in facts.public_numbers}
    for found in _PHONE.finditer(text):
        if _digits(found[0]) not in known and not _DATE.fullmatch(found[0]):
            yield _at(
                "phone",
                _("This looks like a phone number that is not one of ours. Take it out unless it is for everybody."),
                found,
            )
    for found in _RECORD.finditer(text):
        yield _at("record_number", _("This looks like a patient's record number. Take it out."), found)
    for found in _LONG_NUMBER.finditer(text):
        if not _inside(found, _RECORD, text) and _digits(found[0]) not in known:
            yield _at("long_number", _("A long number often identifies somebody. Is it needed?"), found, blocking=False)
    for found in _BIRTH.finditer(text):
        yield _at("birth_date", _("This looks like a date of birth. Take it out."), found)
    for found in _DATE.finditer(text):
        year = int(re.search(r"(?:19|20)\d\d", found[0])[0])  # type: ignore[index]
        if year < facts.now.year - 1 and not _inside(found, _BIRTH, text):
            yield _at("birth_date", _("A date from long ago looks like a date of birth. Take it out."), found)
    words = _NO_NAMES | {word for part in facts.parts for word in part.name.lower().split()}
    for pattern in (_TITLE, _CALLED, _FILED):
        for found in pattern.finditer(text):
            said = found[found.lastindex or 0].lower().split()
            if pattern is not _CALLED or said[0].removesuffix("’s").removesuffix("'s") not in words:
                yield _at("name", _("This looks like a person's name. Say what happens, not to whom."), found)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)[-10:]


def _inside(found: re.Match[str], pattern: re.Pattern[str], text: str) -> bool:
    return any(row.start() <= found.start() and found.end() <= row.end() + 12 for row in pattern.finditer(text))


# --- what only helps an attacker --------------------------------------------------------------------------------------
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]\d)")
_IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
_HOST = re.compile(
    r"(?<![\w@/.-])(?:[a-z0-9-]+\.)+(?:internal|local|lan|corp|intra|svc|cluster)\b"
    r"|(?<![\w@/.-])(?:[a-z0-9-]+\.){2,}[a-z]{2,}\b"
    r"|(?<![\w@/.-])(?:db|sql|web|app|srv|server|host|node|prod|stage|staging|vm|redis|pg|postgres|k8s|proxy|lb|cache)"
    r"[a-z-]*-?\d{1,4}(?:[a-z]|\b)",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"(?<![\w.])v?\d+\.\d+\.\d+\b(?!\.\d)|\bversion\s+v?\d+(?:\.\d+)*"
    r"|\b(?:PostgreSQL|Postgres|MySQL|MariaDB|Redis|nginx|Apache|Django|Python|Java|OpenSSL|Windows Server|Ubuntu"
    r"|Debian|Kubernetes|Node(?:\.js)?)\s+v?\d+(?:\.\d+)*",
    re.IGNORECASE,
)


def _innards(text: str, facts: LintFacts) -> Iterator[Finding]:
    for found in (*_IPV4.finditer(text), *_IPV6.finditer(text)):
        if _is_address(found[0]):
            yield _at("ip_address", _("An address of a machine helps nobody who reads this. Take it out."), found)
    for found in _HOST.finditer(text):
        host = found[0].lower()
        if not any(host == ours or host.endswith(f".{ours}") for ours in facts.public_hosts):
            yield _at(
                "host_name",
                _("This looks like the name of a machine. Say which part of the service instead."),
                found,
                blocking=False,
            )
    for found in _VERSION.finditer(text):
        if not _DATE.search(found[0]):
            yield _at(
                "version",
                _("A version number tells attackers more than readers. Leave it out."),
                found,
                blocking=False,
            )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return any(letter in "123456789abcdefABCDEF" for letter in text)


# --- what contradicts the state ---------------------------------------------------------------------------------------
_OVER = re.compile(
    r"\b(?:is|are|has been|have been|was|were|now|fully|been)\s+(?:now\s+|fully\s+|completely\s+)?"
    r"(?:resolved|fixed|restored|solved|back to normal|over)\b|\bproblem solved\b|^resolved\b",
    re.IGNORECASE | re.MULTILINE,
)
_NOT_YET = re.compile(
    r"\b(?:not|n't|n’t|until|once|when|as soon as|after|before|if|will|being|partly|partially|never|unless)\b"
    r"[^.!?\n]{0,60}$",
    re.IGNORECASE,
)
_GOING_ON = re.compile(
    r"\b(?:still|continue(?:s)?(?: to be)?|keep(?:s)?)\s+(?:down|investigating|unavailable|failing"
    r"|looking into|working on)"
    r"|\bwe are (?:investigating|looking into it)\b",
    re.IGNORECASE,
)


def _state(text: str, facts: LintFacts) -> Iterator[Finding]:
    if facts.status == IncidentStatus.POSTMORTEM:
        return
    if facts.status in (*UNRESOLVED, *UNDERWAY, MaintenanceStatus.SCHEDULED):
        for found in _OVER.finditer(text):
            if not _NOT_YET.search(text[max(0, found.start() - 90) : found.start()] + found[0].partition(" ")[0]):
                # Watching a fix is the state in which people write that it is fixed; they should not write resolved.
                watching = facts.status == IncidentStatus.MONITORING and "resolved" not in found[0].lower()
                yield _at(
                    "says_over",
                    _("The text says it is over, the state does not. Choose the state that is true, or say what is."),
                    found,
                    blocking=not watching,
                )
                break
    elif open_words := _GOING_ON.search(text):
        yield _at("says_open", _("The state says it is over, the text does not. One of them must change."), open_words)


def _unfinished(text: str) -> Iterator[Finding]:
    for name in variables(text):
        yield Finding("variable", _("Replace this with your own words before you publish."), True, "{{ " + name + " }}")


# --- what does not help -----------------------------------------------------------------------------------------------
_VAGUE = re.compile(
    r"\b(?:some (?:users|people|patients|customers) (?:may|might)|aware of (?:an|the|some)? ?(?:issue|problem)s?"
    r"|experiencing (?:some )?(?:issues|problems|difficulties)|technical (?:issue|difficulties|problem)s?"
    r"|something (?:is|went) wrong|intermittent issues?)\b",
    re.IGNORECASE,
)


def _help(text: str) -> Iterator[Finding]:
    count = len(text.split())
    if count < FEWEST_WORDS:
        yield Finding(
            "too_short",
            _("Say what people notice, whom it touches, and what they can do meanwhile."),
            False,
            text.strip()[:EXCERPT],
        )
    elif (found := _VAGUE.search(text)) and count < 20:
        yield _at(
            "vague",
            _("This could be about anything. Name the part, what people see, and what to do instead."),
            found,
            blocking=False,
        )


# --- what the page would then show ------------------------------------------------------------------------------------
def _page(facts: LintFacts) -> Iterator[Finding]:
    if facts.kind == EventKind.INCIDENT and facts.status in UNRESOLVED and not _any_hurt(facts.touched):
        yield Finding(
            "green_incident",
            _("Every part stays green under this incident. Mark the parts that people cannot use as usual."),
            False,
        )
    for part in facts.parts:
        if part.status not in (ComponentStatus.OPERATIONAL, ComponentStatus.MAINTENANCE) and not part.covered:
            yield Finding(
                "down_without_incident",
                _("This part is not well and no incident says why. Add it here, or set it right."),
                False,
                part.name,
            )
    for name in facts.late:
        yield Finding(
            "maintenance_late",
            _("This maintenance should be over by now. Complete it, or tell readers its new end."),
            False,
            name[:EXCERPT],
        )


def _any_hurt(statuses: tuple[str, ...]) -> bool:
    return any(status != ComponentStatus.OPERATIONAL for status in statuses)


def _at(code: str, message: str, found: re.Match[str], *, blocking: bool = True) -> Finding:
    return Finding(code, message, blocking, " ".join(found[0].split())[:EXCERPT])
