"""Tickets in every state, as the actions leave them."""

import datetime as dt
import hashlib

import factory

from helpdesk.enums import (
    Audience,
    CallDirection,
    CallOutcome,
    CallState,
    Category,
    Channel,
    CopyKind,
    DayOffPlace,
    FileState,
    HoldReason,
    LinkKind,
    MailState,
    RequesterKind,
    Resolution,
    Side,
    TextKind,
    TicketState,
    Turn,
    UndoKind,
)
from helpdesk.models import (
    Article,
    ArticleFeedback,
    ArticleVersion,
    Attachment,
    BusinessHours,
    DeskPhone,
    Holiday,
    InboundMail,
    InboundText,
    KeepingRule,
    MessageReceipt,
    PhoneCall,
    ProviderCopy,
    SearchEntry,
    ServicePromise,
    TextMedia,
    TextOptOut,
    Ticket,
    TicketLink,
    TicketMessage,
    TicketRating,
    TicketSegment,
    TicketUndo,
    VoiceLine,
    VoicemailAudio,
)
from helpdesk.rules.turn import WAITS
from portal_core.kernel import clock
from tests.factories import OfficeFactory, PracticeFactory


class TicketFactory(factory.django.DjangoModelFactory):
    """A patient's ticket at an office."""

    class Meta:
        model = Ticket

    office = factory.SubFactory(OfficeFactory)
    practice = factory.SelfAttribute("office.practice")
    side = Side.OFFICE
    category = Category.LOGIN_PWD
    channel = Channel.WEB
    requester_kind = RequesterKind.PATIENT
    requester_name = "Pat Patient"
    requester_email = "pat@patients.example"
    requester_phone = "+12175550100"
    subject = factory.LazyAttribute(lambda row: str(Category(row.category).label))
    state = TicketState.NEW
    created_at = factory.LazyFunction(clock.now)
    updated_at = factory.SelfAttribute("created_at")
    turn_since = factory.SelfAttribute("created_at")

    @factory.lazy_attribute
    def wait_reason(self) -> str:
        return WAITS[self.state][0] if self.state in WAITS else ""

    @factory.lazy_attribute
    def wake_at(self) -> dt.datetime | None:
        return self.created_at + WAITS[self.state][1] if self.state in WAITS else None

    @factory.lazy_attribute
    def incident_id(self) -> str:
        return "incident0001" if self.state in (TicketState.WAIT_INCIDENT, TicketState.CLOSE_LOOP) else ""

    @factory.lazy_attribute
    def loop_rounds(self) -> int:
        return int(self.state == TicketState.CLOSE_LOOP)

    @factory.lazy_attribute
    def solved_at(self) -> dt.datetime | None:
        return self.created_at if self.state in (TicketState.SOLVED, TicketState.CLOSED) else None

    @factory.lazy_attribute
    def resolution(self) -> str:
        return Resolution.OFFICE if self.state in (TicketState.SOLVED, TicketState.CLOSED) else ""

    @factory.lazy_attribute
    def closed_at(self) -> dt.datetime | None:
        return self.created_at if self.state == TicketState.CLOSED else None

    @factory.lazy_attribute
    def merged_at(self) -> dt.datetime | None:
        return self.created_at if self.state == TicketState.MERGED else None

    @factory.lazy_attribute
    def merged_into(self) -> Ticket | None:
        return TicketFactory(office=self.office) if self.state == TicketState.MERGED else None


class TicketMessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TicketMessage

    ticket = factory.SubFactory(TicketFactory)
    author_kind = "requester"
    author_label = "Pat Patient"
    visibility = "patient"
    body = "I cannot sign in."
    at = factory.LazyFunction(clock.now)


def refresh(row):
    """The row as it stands in the database."""
    return type(row).objects.get(pk=row.pk)


class HeldMailFactory(factory.django.DjangoModelFactory):
    """An e-mail of a machine that waits for a look at `office`."""

    class Meta:
        model = InboundMail

    office = factory.SubFactory(OfficeFactory)
    practice = factory.SelfAttribute("office.practice")
    state = MailState.HELD
    hold_reason = HoldReason.MACHINE
    digest = factory.Sequence(lambda number: f"{number:064x}")
    sender = "fax@service.example"
    subject = "Fax received"
    raw = b"From: fax@service.example\r\nSubject: Fax received\r\nAuto-Submitted: auto-generated\r\n\r\nThree pages."
    size = factory.LazyAttribute(lambda row: len(row.raw))
    received_at = factory.LazyFunction(clock.now)


class AttachmentFactory(factory.django.DjangoModelFactory):
    """A PDF on a ticket that no scanner has seen."""

    class Meta:
        model = Attachment

    ticket = factory.SubFactory(TicketFactory)
    name = factory.Sequence(lambda number: f"letter-{number}.pdf")
    kind = "application/pdf"
    data = b"%PDF-1.7\n"
    size = factory.LazyAttribute(lambda row: len(row.data))
    sha256 = factory.LazyAttribute(lambda row: hashlib.sha256(row.data).hexdigest())
    state = FileState.UNCHECKED
    created_at = factory.LazyFunction(clock.now)


# --- beside the ticket ------------------------------------------------------------------------------------------------
class TicketSegmentFactory(factory.django.DjangoModelFactory):
    """The stretch of a ticket's time that is running."""

    class Meta:
        model = TicketSegment

    ticket = factory.SubFactory(TicketFactory)
    turn = Turn.OFFICE
    state = factory.SelfAttribute("ticket.state")
    began_at = factory.SelfAttribute("ticket.created_at")


class TicketLinkFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TicketLink

    ticket = factory.SubFactory(TicketFactory)
    other = factory.SubFactory(TicketFactory, office=factory.SelfAttribute("..ticket.office"))
    kind = LinkKind.RELATED
    by_label = "Olivia Staff"
    at = factory.LazyFunction(clock.now)


class TicketRatingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TicketRating

    ticket = factory.SubFactory(TicketFactory, state=TicketState.SOLVED)
    solved = True
    at = factory.LazyFunction(clock.now)


class TicketUndoFactory(factory.django.DjangoModelFactory):
    """An answer that has not left yet."""

    class Meta:
        model = TicketUndo

    ticket = factory.SubFactory(TicketFactory)
    kind = UndoKind.REPLY
    by_id = "olivia"
    at = factory.LazyFunction(clock.now)
    until = factory.LazyAttribute(lambda row: row.at + dt.timedelta(seconds=10))


class SearchEntryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SearchEntry

    ticket = factory.SubFactory(TicketFactory)
    words = "pat patient password"


# --- mail, texts, calls -----------------------------------------------------------------------------------------------
class InboundTextFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = InboundText

    sid = factory.Sequence("SM{:032x}".format)
    kind = TextKind.WORDS
    sender = "+12175550100"
    recipient = "+12175550190"
    body = "I cannot sign in."
    received_at = factory.LazyFunction(clock.now)


class TextOptOutFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = TextOptOut

    phone = factory.Sequence("+1217555{:04d}".format)
    at = factory.LazyFunction(clock.now)


class VoiceLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = VoiceLine

    practice = factory.SubFactory(PracticeFactory)
    number = factory.Sequence("+1217556{:04d}".format)
    updated_at = factory.LazyFunction(clock.now)


class DeskPhoneFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = DeskPhone

    office = factory.SubFactory(OfficeFactory)
    practice = factory.SelfAttribute("office.practice")
    number = "+12175550101"
    updated_at = factory.LazyFunction(clock.now)


class PhoneCallFactory(factory.django.DjangoModelFactory):
    """A call that came in and is over."""

    class Meta:
        model = PhoneCall

    office = factory.SubFactory(OfficeFactory)
    practice = factory.SelfAttribute("office.practice")
    side = Side.OFFICE
    direction = CallDirection.IN
    state = CallState.ENDED
    started_at = factory.LazyFunction(clock.now)

    @factory.lazy_attribute
    def ended_at(self) -> dt.datetime | None:
        return self.started_at + dt.timedelta(minutes=3) if self.state == CallState.ENDED else None

    @factory.lazy_attribute
    def outcome(self) -> str:
        return CallOutcome.TALKED if self.state == CallState.ENDED else ""


class VoicemailAudioFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = VoicemailAudio

    call = factory.SubFactory(PhoneCallFactory, outcome=CallOutcome.VOICEMAIL)
    content_type = "audio/mpeg"
    sealed = "sealed"
    size = 12
    kept_at = factory.LazyFunction(clock.now)


class ProviderCopyFactory(factory.django.DjangoModelFactory):
    """A recording that is to be deleted at the provider."""

    class Meta:
        model = ProviderCopy

    kind = CopyKind.RECORDING
    sid = factory.Sequence("RE{:032x}".format)
    due_at = factory.LazyFunction(clock.now)


# --- what a practice sets ---------------------------------------------------------------------------------------------
class BusinessHoursFactory(factory.django.DjangoModelFactory):
    """Of an office: mornings of Mondays."""

    class Meta:
        model = BusinessHours

    office = factory.SubFactory(OfficeFactory)
    practice = factory.SelfAttribute("office.practice")
    spans = factory.LazyFunction(lambda: {"0": [["08:00", "12:00"]]})
    updated_at = factory.LazyFunction(clock.now)


class HolidayFactory(factory.django.DjangoModelFactory):
    """A day on which all offices are closed; with an `office` that one alone."""

    class Meta:
        model = Holiday

    practice = factory.SubFactory(PracticeFactory)
    office = None
    place = factory.LazyAttribute(lambda row: DayOffPlace.OFFICE if row.office is not None else DayOffPlace.ALL)
    date = dt.date(2026, 12, 25)
    name = "Christmas Day"


class ServicePromiseFactory(factory.django.DjangoModelFactory):
    """Minutes of opening hours."""

    class Meta:
        model = ServicePromise

    practice = factory.SubFactory(PracticeFactory)
    number = 1
    urgent_first, urgent_resolve = 30, 240
    normal_first, normal_resolve = 240, 960
    by_label = "Ana Staff"
    at = factory.LazyFunction(clock.now)


class ArticleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Article

    practice = factory.SubFactory(PracticeFactory)
    slug = factory.Sequence("article-{}".format)
    audience = Audience.PATIENTS
    created_at = factory.LazyFunction(clock.now)


class ArticleVersionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ArticleVersion

    article = factory.SubFactory(ArticleFactory)
    number = 1
    audience = factory.SelfAttribute("article.audience")
    title = "Parking"
    summary = "Where to leave your car."
    body = "Behind the house."
    by_label = "Olivia Staff"
    at = factory.LazyFunction(clock.now)


class ArticleFeedbackFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ArticleFeedback

    slug = "forgot-password"
    number = 0
    helped = True
    at = factory.LazyFunction(clock.now)


# --- secure messages, originals ---------------------------------------------------------------------------------------
class MessageReceiptFactory(factory.django.DjangoModelFactory):
    """What the office wrote, read by its patient."""

    class Meta:
        model = MessageReceipt

    message = factory.SubFactory(TicketMessageFactory, author_kind="office", author_label="Olivia Staff")
    read_at = factory.LazyFunction(clock.now)


class TextMediaFactory(factory.django.DjangoModelFactory):
    """A picture that waits at the provider."""

    class Meta:
        model = TextMedia

    text = factory.SubFactory(InboundTextFactory, pictures=1)
    sid = factory.Sequence("ME{:032x}".format)
    message_sid = factory.Sequence("MM{:032x}".format)
    claimed_type = "image/jpeg"
    due_at = factory.LazyFunction(clock.now)


class KeepingRuleFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = KeepingRule

    practice = factory.SubFactory(PracticeFactory)
    updated_at = factory.LazyFunction(clock.now)


def answered(cast, **fields):
    """A ticket whose requester was asked something."""
    return TicketFactory(office=cast.north, state=TicketState.WAIT_PATIENT, **fields)


def written(ticket):
    """What stands on it, oldest first: who wrote it, who sees it, the words."""
    return [(one.author_kind, one.visibility, one.body) for one in ticket.messages.order_by("id")]
