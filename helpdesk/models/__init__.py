from helpdesk.models.calendars import BusinessHours, Holiday
from helpdesk.models.calls import DeskPhone, PhoneCall, VoiceLine, VoicemailAudio
from helpdesk.models.clock import TicketSegment
from helpdesk.models.keeping import KeepingRule
from helpdesk.models.knowledge import Article, ArticleFeedback, ArticleVersion
from helpdesk.models.leftovers import ProviderCopy
from helpdesk.models.links import TicketLink
from helpdesk.models.mail import Attachment, InboundMail, InboundText, TextOptOut
from helpdesk.models.media import TextMedia
from helpdesk.models.promises import ServicePromise
from helpdesk.models.rating import TicketRating
from helpdesk.models.receipts import MessageReceipt
from helpdesk.models.search import SearchEntry
from helpdesk.models.ticket import Ticket, TicketMessage
from helpdesk.models.undo import TicketUndo

__all__ = [
    "Article",
    "ArticleFeedback",
    "ArticleVersion",
    "Attachment",
    "BusinessHours",
    "DeskPhone",
    "Holiday",
    "InboundMail",
    "InboundText",
    "KeepingRule",
    "MessageReceipt",
    "PhoneCall",
    "ProviderCopy",
    "SearchEntry",
    "ServicePromise",
    "TextMedia",
    "TextOptOut",
    "Ticket",
    "TicketLink",
    "TicketMessage",
    "TicketRating",
    "TicketSegment",
    "TicketUndo",
    "VoiceLine",
    "VoicemailAudio",
]
