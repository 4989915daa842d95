"""All forms of the desk that are not triage's."""

from helpdesk.forms.help import ArticleForm, FeedbackForm, FileSearchForm, HelpSearchForm
from helpdesk.forms.practice import HolidayForm, KeepingForm, PhoneLineForm, PromisesForm, WeekForm
from helpdesk.forms.requests import AnswerForm, ContactForm, RatingForm, ReplyForm, RequestForm, RequestReplyForm

__all__ = [
    "AnswerForm",
    "ArticleForm",
    "ContactForm",
    "FeedbackForm",
    "FileSearchForm",
    "HelpSearchForm",
    "HolidayForm",
    "KeepingForm",
    "PhoneLineForm",
    "PromisesForm",
    "RatingForm",
    "ReplyForm",
    "RequestForm",
    "RequestReplyForm",
    "WeekForm",
]
