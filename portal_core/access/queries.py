"""Portal status of one patient or of a whole list."""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Lower, Trim

from portal_core.access import hooks
from portal_core.access.contracts import PortalStatus
from portal_core.access.enums import AccessLevel, InviteOutcome, PortalState, Reason
from portal_core.access.models import (
    AccessToken,
    EmailChange,
    HelpAttempt,
    OnboardingResult,
    OnboardingRun,
    PortalAccess,
    ProxyGrant,
    ProxyPerson,
    Registration,
)
from portal_core.access.rules import delivery, proxy
from portal_core.access.rules.status import status_of
from portal_core.directory import queries as directory
from portal_core.directory.enums import Permission
from portal_core.kernel import clock
from portal_core.kernel.contracts import Actor
from portal_core.kernel.enums import ActorKind
from portal_core.kernel.there import there_is
from portal_core.notify import queries as notify_queries
from portal_core.notify.enums import Channel, DeliveryState

if TYPE_CHECKING:
    from portal_core.directory.models import Office, Patient, Practice, Staff

MAILBOX_SHOWN = 5
REGISTRATIONS = 100
LINK_CAUSE = "access-link:"  # of the delivery of a link; its public id follows


def portal_status(patient: "Patient") -> PortalStatus:
    """The status with its reasons, and what to say (PC-24 to PC-32). One query."""
    row = PortalAccess.objects.filter(patient_id=patient.pk).first()
    return status_of(
        enabled=row is not None and row.level == AccessLevel.CAN_ACCESS,
        email=patient.email,
        zip_code=patient.zip,
        has_accessed=row is not None and row.first_access_at is not None,
    )


def last_sign_in(patient: "Patient") -> dt.datetime | None:
    """When the patient last signed in to the portal; None: never. One query."""
    return PortalAccess.objects.filter(patient_id=patient.pk).values_list("last_access_at", flat=True).first()


def with_portal_status(patients: "QuerySet[Patient]") -> "QuerySet[Patient]":
    """Annotate `portal_enabled`, `portal_accessed` (booleans) and `portal_state` (a value of PortalState)."""
    own = PortalAccess.objects.filter(patient=OuterRef("pk"))
    return patients.annotate(
        portal_enabled=Exists(own.filter(level=AccessLevel.CAN_ACCESS)),
        portal_accessed=Exists(own.filter(first_access_at__isnull=False)),
        portal_email=Trim("email"),
        portal_zip=Trim("zip"),
    ).annotate(
        portal_state=Case(
            When(
                Q(portal_enabled=False) | Q(portal_email="") | Q(portal_zip=""), then=Value(PortalState.INACTIVE.value)
            ),
            When(portal_accessed=False, then=Value(PortalState.UNACTIVATED.value)),
            default=Value(PortalState.ACTIVE.value),
        )
    )


def status_of_annotated(patient: "Patient") -> PortalStatus:
    """The same for a row of `with_portal_status` or `portal_beside`, without a query."""
    return status_of(
        enabled=patient.portal_enabled,  # type: ignore[attr-defined]
        email=patient.email,
        zip_code=patient.zip,
        has_accessed=patient.portal_accessed,  # type: ignore[attr-defined]
    )


def portal_beside(of: str) -> dict[str, Any]:
    """Expressions for a query about rows of the model `of` ("app.Model") that name a `patient`: what
    `status_of_annotated` wants to know of them, when they last signed in, and whether they ever tried to get help at
    the sign-in page."""
    own = "own.patient_id = its.patient_id"
    level = f"{own} AND own.level = '{AccessLevel.CAN_ACCESS.value}'"
    last = PortalAccess.objects.filter(patient=OuterRef("patient")).values("last_access_at")[:1]
    return {
        "portal_enabled": there_is("access.PortalAccess", level, of=of),
        "portal_accessed": there_is("access.PortalAccess", f"{own} AND own.first_access_at IS NOT NULL", of=of),
        "portal_last": Subquery(last),
        "portal_tried": there_is("access.HelpAttempt", own, of=of),
    }


def last_attempts(patient: "Patient", *, limit: int = 3) -> list[HelpAttempt]:
    """The latest tries of this patient at the sign-in page, newest first (PC-32)."""
    return list(HelpAttempt.objects.filter(patient=patient).order_by("-at", "-id")[:limit])


def address_hold(patient: "Patient", now: dt.datetime) -> EmailChange | None:
    """The change of address that keeps this patient's mailbox from opening the account by itself (PC-42), if any."""
    return held(last_email_change(patient), now)


def held(change: EmailChange | None, now: dt.datetime) -> EmailChange | None:
    """The same for a row at hand, without a query."""
    return change if change is not None and change.hold_until is not None and now < change.hold_until else None


def last_email_change(patient: "Patient") -> EmailChange | None:
    return EmailChange.objects.filter(patient=patient).order_by("-changed_at", "-pk").first()


def stopped_change(patient_id: str) -> EmailChange | None:
    """The newest change of this patient's address that was stopped from the old one."""
    rows = EmailChange.objects.filter(patient__public_id=patient_id, stopped_at__isnull=False)
    return rows.select_related("patient__home_office__practice").order_by("-stopped_at").first()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharer:
    """Somebody else who reads a mailbox: another patient, or one who acts for patients."""

    public_id: str
    last_name: str
    first_name: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


def sharing_mailbox(patient: "Patient", email: str) -> list[Sharer]:
    """Others of the practice with this address (PC-39), for the warning before access is given. One query."""
    return readers_of(patient.practice_id, email, but=patient)


def readers_of(practice_id: int, email: str, *, but: "Patient | None" = None) -> list[Sharer]:
    """Living patients of the practice, and people who act for some, who have this address."""
    address = email.strip().lower()
    if not address:
        return []
    rows = directory.living_patients().filter(practice_id=practice_id).annotate(address=Lower("email"))
    others = rows.filter(address=address)
    if but is not None:
        others = others.exclude(pk=but.pk)
    proxies = ProxyPerson.objects.filter(practice_id=practice_id, email=address)
    found = others.values_list("last_name", "first_name", "public_id").union(
        proxies.values_list("name", Value(""), "public_id"), all=True
    )
    return [
        Sharer(last_name=last, first_name=first, public_id=public_id)
        for last, first, public_id in found.order_by("last_name", "first_name", "public_id")[:MAILBOX_SHOWN]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracked:
    """One mail or text to a patient and what became of it, in plain words (PC-58, PC-60)."""

    name: str
    channel: str  # of notify.enums.Channel
    at: dt.datetime
    address: str
    code: str  # of notify.enums.DeliveryState
    state: str  # the word for it
    tone: str
    sentence: str
    link: str  # what became of the link in it; "" where there is none


def deliveries(patient: "Patient", now: dt.datetime, *, limit: int = 8) -> list[Tracked]:
    """The newest mails and texts to this patient, newest first; two queries, and those that other rooms ask."""
    told = notify_queries.told_to(*hooks.keys_of(patient), limit=limit)
    ids = [row.cause.removeprefix(LINK_CAUSE) for row in told if row.cause.startswith(LINK_CAUSE)]
    links = {row.public_id: row for row in AccessToken.objects.filter(patient=patient, public_id__in=ids)}
    return [_tracked(row, links.get(row.cause.removeprefix(LINK_CAUSE)), now) for row in told]


def _tracked(row: "notify_queries.Told", token: AccessToken | None, now: dt.datetime) -> Tracked:
    fate = delivery.fate_of(row.state, text=row.channel == Channel.SMS, code=row.code)
    arrived = row.state in DeliveryState.left
    link = ""
    if token is not None and arrived:
        link = delivery.link_fate(
            used=token.used_at is not None, replaced=token.superseded_at is not None, over=now >= token.expires_at
        )
    return Tracked(
        name=hooks.name_of(row.template) or delivery.name_of(row.template),
        channel=row.channel,
        at=row.delivered_at or row.sent_at or row.failed_at or row.asked_at,
        address=row.address,
        code=row.state,
        state=fate.word or str(DeliveryState(row.state).label),
        tone=fate.tone,
        sentence=fate.sentence,
        link=link,
    )


def registrations(staff: "Staff", *, limit: int = REGISTRATIONS) -> list[Registration]:
    """The newest registrations at the offices in which this person manages portal access; one query."""
    rows = Registration.objects.filter(office__practice_id=staff.practice_id, patient__isnull=False)
    offices = staff.offices_for(Permission.PORTAL_ACCESS)
    if offices is not None:
        rows = rows.filter(office_id__in=offices)
    return list(rows.select_related("patient", "resembles", "office__practice").order_by("-at", "-pk")[:limit])


def registration_of(patient: "Patient") -> Registration | None:
    """How this patient registered, if by the form on the website."""
    return Registration.objects.filter(patient=patient, known=False).order_by("-at").first()


def registration_offices() -> "QuerySet[Office]":
    """Offices that take new patients on the website."""
    return directory.contact_offices().filter(practice__self_registration=True)


# --- people who act for patients --------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveGrant:
    """One patient somebody may act for today, and in what."""

    grant: ProxyGrant
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyUser:
    person: ProxyPerson
    grants: tuple[LiveGrant, ...]  # by the patient's name


def today_of(patient: "Patient", now: dt.datetime) -> dt.date:
    """Today, at the patient's office."""
    return now.astimezone(ZoneInfo(patient.home_office.zone)).date()


def proxy_user(user_id: int) -> ProxyUser | None:
    """Who this user acts for today; None for a user who is no proxy. Two queries for a proxy, one for others."""
    person = ProxyPerson.objects.filter(user_id=user_id).first()
    if person is None:
        return None
    now = clock.now()
    rows = person.grants.filter(ended_at=None, patient__deceased=False)
    rows = rows.select_related("patient__practice", "patient__home_office__practice")
    live = [
        LiveGrant(grant=row, scopes=scopes_of(row, now))
        for row in rows.order_by("patient__last_name", "patient__first_name", "pk")
    ]
    return ProxyUser(person=person, grants=tuple(each for each in live if each.scopes))


def scopes_of(grant: ProxyGrant, now: dt.datetime) -> frozenset[str]:
    """What this grant is good for at this moment."""
    terms = proxy.Terms(
        relationship=grant.relationship,
        scopes=grant.scopes,
        starts_on=grant.starts_on,
        ends_on=grant.ends_on,
        ended=grant.ended_at is not None,
    )
    ages = ages_of(grant.patient.home_office.practice)
    return proxy.allowed(terms, born=grant.patient.birth_date, today=today_of(grant.patient, now), ages=ages)


def ages_of(practice: "Practice") -> proxy.Ages:
    """From which birthdays on parents and guardians see less here, and nothing."""
    return proxy.Ages(limited_from=practice.proxy_limited_from, own_from=practice.proxy_own_from)


def proxy_actor(person: ProxyPerson, patient: "Patient | None") -> Actor:
    """Who acts, for the ledger: the person, and for whom."""
    label = f"{person.name} for {patient.name}" if patient is not None else person.name
    return Actor(kind=ActorKind.PATIENT, id=person.public_id, label=label[:120], practice_id=person.practice_id)


def proxies_of(patient: "Patient") -> list[ProxyGrant]:
    """Everybody who acts or acted for this patient, newest first."""
    rows = ProxyGrant.objects.filter(patient=patient).select_related("person", "patient__home_office__practice")
    return list(rows.order_by("-granted_at", "-pk")[:20])


# --- the onboarding tool (PC-48) --------------------------------------------------------------------------------------
ONBOARDING_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingRow:
    patient: "Patient"
    status: PortalStatus
    enabled: bool
    invited_at: dt.datetime | None  # the newest link that was mailed


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingPage:
    """One page of the list; `after` is the public id to ask the next page with, or ""."""

    rows: list[OnboardingRow]
    after: str


def onboarding_patients(staff: "Staff", text: str = "") -> "QuerySet[Patient]":
    """Patients of the offices in which this person may manage portal access; seeing them elsewhere is not enough."""
    patients = directory.search_patients(staff, text)
    offices = staff.offices_for(Permission.PORTAL_ACCESS)
    return patients if offices is None else patients.filter(home_office_id__in=offices)


def onboarding_filter(staff: "Staff", *, text: str = "", state: str = "", office: str = "") -> "QuerySet[Patient]":
    """Living patients of one's offices with their portal status, narrowed down."""
    patients = onboarding_patients(staff, text).filter(deceased=False)
    if office:
        patients = patients.filter(home_office__public_id=office)
    rows: Any = with_portal_status(patients)  # the annotations are no fields, as far as the types know
    narrower: dict[str, dict[str, Any]] = {
        Reason.NOT_ENABLED: {"portal_enabled": False},
        Reason.NO_EMAIL: {"portal_email": ""},
        Reason.NO_ZIP: {"portal_zip": ""},
        **{value: {"portal_state": value} for value in PortalState.values},
    }
    found: QuerySet[Patient] = rows.filter(**narrower.get(state, {}))
    return found


def onboarding_page(patients: "QuerySet[Patient]", *, after: str = "", limit: int = ONBOARDING_PAGE) -> OnboardingPage:
    """By last name, first name; two queries and one more when it goes on from somewhere."""
    if after and (last := patients.filter(public_id=after).first()) is not None:
        patients = directory.beyond(patients, last)
    found = list(patients.select_related("home_office").order_by("last_name", "first_name", "pk")[: limit + 1])
    shown = found[:limit]
    invited = dict(
        AccessToken.objects.filter(patient__in=shown)
        .values("patient_id")
        .annotate(newest=Max("created_at"))
        .values_list("patient_id", "newest")
    )
    rows = [
        OnboardingRow(
            patient=patient,
            status=status_of_annotated(patient),
            enabled=patient.portal_enabled,  # type: ignore[attr-defined]
            invited_at=invited.get(patient.pk),
        )
        for patient in shown
    ]
    return OnboardingPage(rows=rows, after=shown[-1].public_id if len(found) > limit else "")


def onboarding_counts(staff: "Staff") -> dict[str, int]:
    """How many patients of one's offices stand where; one query. It counts the facts, and the one rule judges them:
    asked in SQL for each figure anew, whether a patient has access made fifty thousand take half a second."""
    rows: Any = with_portal_status(onboarding_patients(staff).filter(deceased=False))
    there = {name: ExpressionWrapper(~Q(**{f"portal_{name}": ""}), BooleanField()) for name in ("email", "zip")}
    facts = rows.annotate(has_email=there["email"], has_zip=there["zip"]).values_list(
        "portal_enabled", "portal_accessed", "has_email", "has_zip"
    )
    counts = dict.fromkeys(("all", *PortalState.values, *Reason.values), 0)
    for enabled, accessed, email, zip_code, many in facts.annotate(many=Count("pk")).order_by():
        known = {"email": "on file" if email else "", "zip_code": "on file" if zip_code else ""}
        status = status_of(enabled=enabled, has_accessed=accessed, **known)
        for name in ("all", status.state.value, *(reason.value for reason in status.reasons)):
            counts[name] += many
    return counts


def run_progress(run: OnboardingRun) -> dict[str, int]:
    """Outcome → how many; one query."""
    return dict(run.results.values_list("outcome").annotate(many=Count("pk")).order_by())


STUCK = "stuck"


def run_results(run: OnboardingRun, staff: "Staff", outcome: str = "") -> "QuerySet[OnboardingResult]":
    """The patients of a run by name; only whom this person may still see. `outcome`: one of InviteOutcome, STUCK for
    those who need somebody to do something, anything else for everybody."""
    rows = run.results.filter(patient__in=onboarding_patients(staff))
    if outcome == STUCK:
        rows = rows.exclude(outcome__in=InviteOutcome.fine)
    elif outcome in InviteOutcome.values:
        rows = rows.filter(outcome=outcome)
    return rows.select_related("patient").order_by("patient__last_name", "patient__first_name", "pk")
