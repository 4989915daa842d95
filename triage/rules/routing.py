"""Facts → judgement: where a request lands and why, and whether a flag may travel to IT (TR-03…06)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from helpdesk.contracts import Placed
from helpdesk.enums import Category
from helpdesk.queries import alarm
from triage.enums import Level, OfficeStep, Owner, RefusalCode, RelayReason
from triage.rules.table import ROUTES, Route

# While no patient is matched: why it stands at that office.
_PLACED: dict[Placed, str] = {
    Placed.CHOSEN: "The requester chose {office}; no patient is matched yet.",
    Placed.ON_FILE: "The address or number it came from is on file at {office}. That proves nothing: no patient is"
    " matched yet.",
    Placed.ADDRESSED: "It was sent to the address of {office}; no patient is matched yet.",
    Placed.CALLED: "The caller was put through to {office}; no patient is matched yet.",
    Placed.WRITTEN_DOWN: "It was written down for {office}; no patient is matched yet.",
    Placed.BEFORE: "It goes on from an earlier request at {office}; no patient is matched yet.",
    Placed.HANDED_OVER: "It was handed over to {office}; no patient is matched yet.",
    Placed.MAIN: "No office was named and no patient is matched: it waits in the main office.",
    Placed.UNTOLD: "It stands at {office}; no patient is matched yet.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What the engine may know. `text` is all they said, `home_office` the matched patient's, `office` where it stands
    until a patient is matched and `placed` why there; `put_right`: somebody here has said what it is about since they
    said it; `opened` is empty when it came in while the place was open."""

    category: str
    text: str = ""
    put_right: bool = False
    requester: str = "patient"  # patient | proxy | provider | staff
    home_office: str = ""
    office: str = ""
    placed: Placed = Placed.UNTOLD
    opened: str | None = None  # "Monday at 8 a.m.": when the place opened after it came in; None: not asked
    incident: str = ""  # name of an active incident that matches, or empty
    on_hold: bool = False
    patients_may_write_to_it: bool = False  # C5: Practice.patient_support_mode
    heard: Category | None = field(init=False)  # what of it must not wait

    def __post_init__(self) -> None:
        object.__setattr__(self, "heard", alarm(self.text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Who starts, how sure they must be, what comes before a relay. The first sentence of `why` decided."""

    owner: Owner
    level: Level
    steps: tuple[OfficeStep, ...]
    reasons: tuple[RelayReason, ...]
    urgent: bool
    needs_manager: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """One rule as it was asked; the first with an `owner` decided."""

    question: str
    answer: str
    owner: Owner | None = None
    urgent: bool = False


def decide(facts: RequestFacts, table: Mapping[Category, Route] = ROUTES) -> Decision:
    """Rules in the order of research §3.3; the first that speaks about the owner wins, the others add to `why`."""
    row = table[Category(facts.category)]
    first = next(check for check in checks(facts, table) if check.owner is not None)
    why = [first.answer]
    if facts.on_hold:
        why.append("Identity checks are on hold for this patient: the office manager decides.")
    if facts.home_office:
        why.append(f"{facts.home_office} is the patient's home office.")
    else:
        why.append(_PLACED[facts.placed].format(office=facts.office))
    return Decision(
        owner=first.owner or row.owner,
        level=row.level,
        steps=row.steps,
        reasons=row.reasons,
        urgent=first.urgent,
        needs_manager=facts.on_hold,
        why=tuple(why),
    )


def checks(facts: RequestFacts, table: Mapping[Category, Route] = ROUTES) -> tuple[Check, ...]:
    """Every rule about the owner in its order, with its answer; those after the first that decides are not asked."""
    row = table[Category(facts.category)]
    asked: list[Check] = []
    if facts.opened is not None:
        asked.append(_open_then(facts))
    for rule in (_urgent, _security, _staff, _incident, _office_first, _by_table):
        asked.append(rule(facts, row))
        if asked[-1].owner is not None:
            break
    return tuple(asked)


def _open_then(facts: RequestFacts) -> Check:
    question = "Was somebody there when it came in?"
    if not facts.opened:
        return Check(question, "Yes.")
    return Check(question, f"No, it was closed until {facts.opened}: the time for an answer runs from then.")


def _urgent(facts: RequestFacts, row: Route) -> Check:
    question = "Are there urgent words in it?"
    if not _sounds(facts, Category.CLINICAL_URGENT):
        return Check(question, _quiet(facts, Category.CLINICAL_URGENT))
    return Check(question, "Urgent words: hand it to a clinician now.", Owner.CLINIC, urgent=True)


def _security(facts: RequestFacts, row: Route) -> Check:
    question = "Does it sound like a security report?"
    if not _sounds(facts, Category.SEC_REPORT):
        return Check(question, _quiet(facts, Category.SEC_REPORT))
    said = "It sounds like a security report: take it from anyone, verify afterwards."
    return Check(question, said, Owner.SECURITY, urgent=True)


def _sounds(facts: RequestFacts, kind: Category) -> bool:
    return facts.category == kind or (facts.heard == kind and not facts.put_right)


def _quiet(facts: RequestFacts, kind: Category) -> str:
    return "There are, and somebody here has put the kind right since." if facts.heard == kind else "No."


def _staff(facts: RequestFacts, row: Route) -> Check:
    question = "Is it from a provider or a colleague?"
    if facts.requester not in ("provider", "staff"):
        return Check(question, "No, from a patient.")
    return Check(question, "Staff and providers write to IT directly; IT checks who they are (TR-09).", Owner.IT)


def _incident(facts: RequestFacts, row: Route) -> Check:
    question = "Does a known incident explain it?"
    if not facts.incident:
        return Check(question, "No.")
    said = f"A known incident matches: {facts.incident}. Link it; no flag is needed."
    return Check(question, said, Owner.OFFICE)


def _office_first(facts: RequestFacts, row: Route) -> Check:
    question = "May the patient write to IT about it?"
    if row.owner != Owner.IT:
        return Check(question, "It is not a kind that starts with IT.")
    if facts.patients_may_write_to_it:
        return Check(question, "Yes, this practice has a support line.")
    said = "Patients contact their office first (TR-03); this kind is relayed to IT at once."
    return Check(question, said, Owner.OFFICE)


def _by_table(facts: RequestFacts, row: Route) -> Check:
    return Check("Who starts with this kind?", f"This kind of request starts with: {row.owner.label}.", row.owner)


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """The flag as it stands before it is sent. `attested_level` is empty when nobody verified the patient."""

    category: str
    reason: str
    error_text: str
    page: str
    happened: bool
    device: str
    steps_done: frozenset[str]
    attested_level: str
    patient_matched: bool
    ok_to_contact: bool
    contact_number: str
    impact: str
    duplicate_of: str = ""  # public id of an open flag of the same ticket
    incident: str = ""  # name of an active incident that matches this category
    incident_denied: bool = False  # the office says: this is something else


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason for refusal and what to do about it; `field` names the form field, where there is one."""

    code: RefusalCode
    fix: str
    field: str = ""


def packet_faults(packet: Packet, table: Mapping[Category, Route] = ROUTES) -> tuple[Fault, ...]:
    """Everything that keeps this flag from IT, most decisive first; empty means it may be sent (TR-06)."""
    row = table[Category(packet.category)]
    if not row.goes_to_it:
        owner = row.owner.label
        return (
            Fault(RefusalCode.NOT_IT, f"This is not for IT. It belongs to: {owner}. {row.office_does}", "category"),
        )
    if packet.duplicate_of:
        return (
            Fault(RefusalCode.DUPLICATE_OF, "IT already has a flag for this ticket. Add what is new as a note there."),
        )
    faults: list[Fault] = []
    if packet.incident and not packet.incident_denied:
        faults.append(
            Fault(
                RefusalCode.INCIDENT_KNOWN,
                f"IT already works on “{packet.incident}”. Link the ticket to it, or tick “this is something else”.",
                "incident_denied",
            )
        )
    faults += _missing_steps(row, packet)
    if row.needs_identity and not _attested(row, packet):
        faults.append(Fault(RefusalCode.NO_ATTESTATION, _identity_fix(row, packet), "identity"))
    faults += _missing_fields(packet)
    faults += _unfitting_reason(row, packet)
    return tuple(faults)


def _attested(row: Route, packet: Packet) -> bool:
    ladder = list(Level)
    return packet.attested_level != "" and ladder.index(Level(packet.attested_level)) >= min(
        # Above R2 the office approves an action, not a flag: to report a broken tool one proof is enough.
        ladder.index(row.level),
        ladder.index(Level.R2),
    )


def _identity_fix(row: Route, packet: Packet) -> str:
    if not packet.patient_matched:
        return "Find the patient, then verify who they are. IT cannot do this for you."
    if packet.attested_level:
        return (
            f"The check on this ticket is too weak for this kind of request ({row.level.label.lower()}). Verify again."
        )
    return "Verify who the patient is. IT cannot do this for you."


def _missing_steps(row: Route, packet: Packet) -> list[Fault]:
    missing = [step for step in row.steps if step not in packet.steps_done and step != OfficeStep.VERIFY_IDENTITY]
    return [
        Fault(RefusalCode.PLAYBOOK_INCOMPLETE, f"Do this first and tick it: {step.label}.", f"step:{step}")
        for step in missing
    ]


def _unfitting_reason(row: Route, packet: Packet) -> list[Fault]:
    """TR-05: each kind of request names for which of the four reasons it may go to IT."""
    if packet.reason not in RelayReason.values or packet.reason in row.reasons:
        return []
    fitting = "; or: ".join(str(reason.label) for reason in row.reasons)
    fix = (
        f"This kind of request goes to IT where: {fitting}. Choose that if it is so, or put the kind of request right."
    )
    return [Fault(RefusalCode.MISSING_FIELD, fix, "reason")]


def _missing_fields(packet: Packet) -> list[Fault]:
    needed = (
        ("reason", packet.reason in RelayReason.values, "Choose why it goes to IT: one of the four."),
        ("error_text", bool(packet.error_text.strip()), "Give the exact words of the error, or write “none”."),
        ("page", bool(packet.page.strip()), "Say on which page or at what step."),
        ("happened_at", packet.happened, "Say when it happened."),
        ("device", bool(packet.device.strip()), "Say which device and browser, or “unknown”."),
        ("impact", bool(packet.impact), "Say how many are affected."),
        (
            "contact_number",
            bool(packet.contact_number.strip()) or not packet.ok_to_contact,
            "Give the number IT may call, or say that IT may not call.",
        ),
    )
    return [Fault(RefusalCode.MISSING_FIELD, fix, name) for name, present, fix in needed if not present]
