"""Checks, attestations and flags in every state, as the actions leave them."""

import datetime as dt

import factory

from helpdesk.enums import RequesterKind, Side, TicketState
from portal_core.kernel import clock
from portal_core.kernel.http.signatures import new_secret
from portal_core.kernel.sealing import seal
from tests.factories import OfficeFactory, PatientFactory, PracticeFactory, StaffFactory, office_member
from tests.helpdesk.factories import TicketFactory
from triage.enums import (
    AttemptOutcome,
    CallChannel,
    DraftKind,
    EndpointState,
    EscalationState,
    Impact,
    Level,
    Method,
    NewsKind,
    OfficeStep,
    Purpose,
    RefusalCode,
    RelayReason,
    StaffPurpose,
)
from triage.models import (
    Attestation,
    CannedReply,
    Draft,
    Escalation,
    EscalationMessage,
    FlagWords,
    Mention,
    PlaybookStep,
    RoutingVersion,
    SavedView,
    StaffCheck,
    VerificationAttempt,
    VerificationCode,
    VerificationHold,
    VerificationLetter,
    WebhookEndpoint,
)
from triage.models.webhooks import PURPOSE


class AttemptFactory(factory.django.DjangoModelFactory):
    """Under way. `ticket` needs its patient."""

    class Meta:
        model = VerificationAttempt

    ticket = factory.SubFactory(
        TicketFactory, patient=factory.SubFactory(PatientFactory), office=factory.SelfAttribute("patient.home_office")
    )
    patient = factory.SelfAttribute("ticket.patient")
    office = factory.SelfAttribute("patient.home_office")
    attester = factory.LazyAttribute(lambda row: office_member(row.office))
    membership = factory.LazyAttribute(lambda row: row.attester.role_assignments.get())
    attester_role = factory.SelfAttribute("membership.role")
    channel = CallChannel.PHONE
    purpose = Purpose.RESET
    base_level = Level.R2
    level = Level.R2
    outcome = AttemptOutcome.OPEN
    started_at = factory.LazyFunction(clock.now)
    ended_at = factory.LazyAttribute(lambda row: None if row.outcome == AttemptOutcome.OPEN else row.started_at)


class AttestationFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Attestation

    attempt = factory.SubFactory(AttemptFactory, outcome=AttemptOutcome.PASSED)
    ticket = factory.SelfAttribute("attempt.ticket")
    patient = factory.SelfAttribute("attempt.patient")
    action_class = factory.SelfAttribute("attempt.purpose")
    level = factory.SelfAttribute("attempt.level")
    created_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyAttribute(lambda row: row.created_at + dt.timedelta(minutes=15))


class HoldFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = VerificationHold

    patient = factory.SubFactory(PatientFactory)
    opened_at = factory.LazyFunction(clock.now)
    rule = "three_failures_in_a_day"


class StaffCheckFactory(factory.django.DjangoModelFactory):
    """IT's check of a colleague; `ticket` was written to IT."""

    class Meta:
        model = StaffCheck

    ticket = factory.SubFactory(TicketFactory, side=Side.IT, requester_kind=RequesterKind.STAFF)
    subject = factory.LazyAttribute(lambda row: office_member(row.office))
    agent = factory.SubFactory(StaffFactory, practice=factory.SelfAttribute("..practice"))
    practice = factory.SelfAttribute("ticket.practice")
    office = factory.SelfAttribute("ticket.office")
    purpose = StaffPurpose.SIGN_OUT
    outcome = AttemptOutcome.OPEN
    started_at = factory.LazyFunction(clock.now)
    ended_at = factory.LazyAttribute(lambda row: None if row.outcome == AttemptOutcome.OPEN else row.started_at)
    method = factory.LazyAttribute(lambda row: "call_back" if row.outcome == AttemptOutcome.PASSED else "")
    expires_at = factory.LazyAttribute(
        lambda row: row.started_at + dt.timedelta(minutes=15) if row.outcome == AttemptOutcome.PASSED else None
    )


class PlaybookStepFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = PlaybookStep

    ticket = factory.SubFactory(TicketFactory)
    done_by = factory.LazyAttribute(lambda row: office_member(row.ticket.office))
    step = OfficeStep.CHECK_SETUP
    done_at = factory.LazyFunction(clock.now)


class FlagFactory(factory.django.DjangoModelFactory):
    """A flag at IT. Its ticket is relayed unless the state says otherwise."""

    class Meta:
        model = Escalation
        exclude = ("at",)

    at = factory.LazyFunction(clock.now)
    office = factory.SubFactory(OfficeFactory)
    sent_by = factory.LazyAttribute(lambda row: office_member(row.office))
    practice = factory.SelfAttribute("office.practice")
    category = "ERROR_MSG"
    reason = RelayReason.ERROR_MESSAGE
    error_text = "Error 500"
    page = "sign-in"
    device = factory.LazyFunction(lambda: {"text": "Chrome"})
    happened_at = factory.SelfAttribute("at")
    identity_not_needed = True
    impact = Impact.ONE
    state = EscalationState.SENT
    created_at = factory.SelfAttribute("at")
    changed_at = factory.SelfAttribute("at")

    @factory.lazy_attribute
    def refusal(self) -> str:
        return RefusalCode.NOT_IT if self.state == EscalationState.RETURNED else ""

    @factory.lazy_attribute
    def incident_id(self) -> str:
        return "incident0001" if self.state == EscalationState.LINKED else ""

    @factory.lazy_attribute
    def ticket(self):
        relayed = self.state in (EscalationState.SENT, EscalationState.INVESTIGATING)
        return TicketFactory(
            office=self.office,
            category=self.category,
            state=TicketState.WAIT_INCIDENT if self.state == EscalationState.LINKED else TicketState.OPEN,
            relayed_at=self.at if relayed else None,
        )


class CannedReplyFactory(factory.django.DjangoModelFactory):
    """Of all offices of a practice unless `office` or `side` say otherwise."""

    class Meta:
        model = CannedReply

    practice = factory.SubFactory(PracticeFactory)
    side = "office"
    title = factory.Sequence(lambda n: f"Answer {n}")
    body = "We look into {{ reference }}."
    changed_by = "Oscar Staff"
    changed_at = factory.LazyFunction(clock.now)


class SavedViewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SavedView

    staff = factory.SubFactory(StaffFactory)
    name = factory.Sequence(lambda n: f"View {n}")
    wanted = factory.LazyFunction(lambda: {"who": "mine"})
    created_at = factory.LazyFunction(clock.now)


class DraftFactory(factory.django.DjangoModelFactory):
    """`about` is the public id of a ticket or flag."""

    class Meta:
        model = Draft

    staff = factory.SubFactory(StaffFactory)
    about = factory.Sequence(lambda n: f"ticket{n:014}")
    kind = DraftKind.NOTE
    body = "Begun"
    changed_at = factory.LazyFunction(clock.now)


class MentionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Mention

    ticket = factory.SubFactory(TicketFactory)
    staff = factory.LazyAttribute(lambda row: office_member(row.ticket.office))
    message_id = factory.Sequence(lambda n: f"message{n:04}")
    by_label = "Oscar Staff"
    at = factory.LazyFunction(clock.now)


def refresh(row):
    """The row as it stands in the database."""
    return type(row).objects.get(pk=row.pk)


class WebhookFactory(factory.django.DjangoModelFactory):
    """An address of a practice that is on and hears of everything."""

    class Meta:
        model = WebhookEndpoint
        exclude = ("url",)

    practice = factory.SubFactory(PracticeFactory)
    url = "https://hooks.example.org/lantern?key=1"
    name = factory.Sequence(lambda n: f"System {n}")
    host = "hooks.example.org"
    url_cipher = factory.LazyAttribute(lambda row: seal(row.url, purpose=PURPOSE))
    secret_cipher = factory.LazyFunction(lambda: seal(new_secret(), purpose=PURPOSE))
    events = factory.LazyFunction(lambda: list(NewsKind.values))
    state = EndpointState.ACTIVE
    stopped_at = factory.LazyAttribute(lambda row: clock.now() if row.state == EndpointState.STOPPED else None)
    created_at = factory.LazyFunction(clock.now)
    changed_at = factory.SelfAttribute("created_at")


class VerificationCodeFactory(factory.django.DjangoModelFactory):
    """A code sent to the phone on file, not read back yet."""

    class Meta:
        model = VerificationCode

    attempt = factory.SubFactory(AttemptFactory)
    method = Method.E4
    hash = factory.Sequence("{:064x}".format)
    contact_hash = "c" * 64
    sent_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyAttribute(lambda row: row.sent_at + dt.timedelta(minutes=10))


class RoutingVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RoutingVersion

    practice = factory.SubFactory(PracticeFactory)
    number = 1
    by_label = "Ana Staff"
    at = factory.LazyFunction(clock.now)


class VerificationLetterFactory(factory.django.DjangoModelFactory):
    """A letter on its way; `ticket` needs its patient."""

    class Meta:
        model = VerificationLetter

    ticket = factory.SubFactory(
        TicketFactory, patient=factory.SubFactory(PatientFactory), office=factory.SelfAttribute("patient.home_office")
    )
    patient = factory.SelfAttribute("ticket.patient")
    sent_by = factory.LazyAttribute(lambda row: office_member(row.ticket.office))
    hash = factory.Sequence("{:064x}".format)
    address_hash = "a" * 64
    sent_at = factory.LazyFunction(clock.now)
    expires_at = factory.LazyAttribute(lambda row: row.sent_at + dt.timedelta(days=14))


class FlagWordsFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = FlagWords

    flag = factory.SubFactory(FlagFactory)
    words = "error 500"


class FlagMessageFactory(factory.django.DjangoModelFactory):
    """What IT asked about a flag."""

    class Meta:
        model = EscalationMessage

    flag = factory.SubFactory(FlagFactory)
    kind = "ask"
    by_label = "Ian Staff"
    body = "Which browser?"
    at = factory.LazyFunction(clock.now)
