"""Checks, attestations and flags in every state, as the actions leave them."""

import datetime as dt

import factory

from helpdesk.enums import TicketState
from portal_core.kernel import clock
from portal_core.kernel.http.signatures import new_secret
from portal_core.kernel.sealing import seal
from tests.helpdesk.factories import TicketFactory
from triage.enums import (
    AttemptOutcome,
    CallChannel,
    DraftKind,
    EndpointState,
    EscalationState,
    Impact,
    Level,
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
    Mention,
    PlaybookStep,
    SavedView,
    StaffCheck,
    VerificationAttempt,
    VerificationHold,
    WebhookEndpoint,
)
from triage.models.webhooks import PURPOSE


class AttemptFactory(factory.django.DjangoModelFactory):
    """`ticket` (with its patient) and `attester` must be given."""

    class Meta:
        model = VerificationAttempt

    patient = factory.SelfAttribute("ticket.patient")
    office = factory.SelfAttribute("patient.home_office")
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

    opened_at = factory.LazyFunction(clock.now)
    rule = "three_failures_in_a_day"


class StaffCheckFactory(factory.django.DjangoModelFactory):
    """IT's check of a colleague; `ticket` (written to IT), `subject` and `agent` must be given."""

    class Meta:
        model = StaffCheck

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

    step = OfficeStep.CHECK_SETUP
    done_at = factory.LazyFunction(clock.now)


class FlagFactory(factory.django.DjangoModelFactory):
    """A flag at IT; `office` and `sent_by` must be given. Its ticket is relayed unless the state says otherwise."""

    class Meta:
        model = Escalation
        exclude = ("at",)

    at = factory.LazyFunction(clock.now)
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
    """Of all offices of a practice unless `office` or `side` say otherwise; `practice` must be given."""

    class Meta:
        model = CannedReply

    side = "office"
    title = factory.Sequence(lambda n: f"Answer {n}")
    body = "We look into {{ reference }}."
    changed_by = "Oscar Staff"
    changed_at = factory.LazyFunction(clock.now)


class SavedViewFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SavedView

    name = factory.Sequence(lambda n: f"View {n}")
    wanted = factory.LazyFunction(lambda: {"who": "mine"})
    created_at = factory.LazyFunction(clock.now)


class DraftFactory(factory.django.DjangoModelFactory):
    """`staff` and `about` must be given."""

    class Meta:
        model = Draft

    kind = DraftKind.NOTE
    body = "Begun"
    changed_at = factory.LazyFunction(clock.now)


class MentionFactory(factory.django.DjangoModelFactory):
    """`staff` and `ticket` must be given."""

    class Meta:
        model = Mention

    message_id = factory.Sequence(lambda n: f"message{n:04}")
    by_label = "Oscar Staff"
    at = factory.LazyFunction(clock.now)


def refresh(row):
    """The row as it stands in the database."""
    return type(row).objects.get(pk=row.pk)


class WebhookFactory(factory.django.DjangoModelFactory):
    """An address of a practice that is on and hears of everything; `practice` must be given."""

    class Meta:
        model = WebhookEndpoint
        exclude = ("url",)

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
