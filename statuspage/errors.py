from types import MappingProxyType

from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class IncidentNotFound(NotFound):
    code = "incident_not_found"


class PublicPageNotFound(NotFound):
    code = "status_page_not_found"


class IncidentAlreadyResolved(Conflict):
    code = "incident_resolved"
    message = _("This incident is already resolved. Declare a new one if the problem is back.")


class IncidentMoved(Conflict):
    """Somebody posted after this person opened the form."""

    code = "incident_moved"
    message = _("Someone posted an update in the meantime. Read it before you send yours.")


class EventChanged(Conflict):
    """Somebody changed the plan after this person opened it."""

    code = "event_changed"
    message = _("Someone changed this in the meantime. Reload to see it, then make your change again.")


class ComponentUnknown(Invalid):
    code = "component_unknown"
    message = _("One of the components does not exist any more. Reload and choose again.")


class StatusUnknown(Invalid):
    code = "status_unknown"
    message = _("That is not a status we know.")


class TextMissing(Invalid):
    code = "text_missing"
    message = _("Write a name and a message: readers need to know what happens and what to do.")


class LinkInvalid(NotFound):
    """Forged, expired, or the subscription is gone: one answer for all of them."""

    code = "link_invalid"
    message = _("This link no longer works. Subscribe again to get a new one.")


class NewsReplaced(Conflict):
    code = "news_replaced"
    message = _("A later message of this event is being sent. Whoever missed this one gets that one; try that again.")


class AddressUnusable(Invalid):
    """`facts["reason"]` is a code of rules.addresses.Unusable."""

    code = "address_unusable"
    message = _("That does not look like an e-mail address. Write it like name@example.org.")
    messages = MappingProxyType(
        {
            "gone": _("Whoever reads this address asked us to stop. Give another mailbox of your own."),
            "phone": _("That does not look like a phone number. Write it with its area code, like (202) 555-0143."),
            "phone_kind": _("We cannot reach this kind of number this way. Give another number."),
            "url": _("That does not look like a web address we can post to. It begins with https:// and a host name."),
            "slack": _("That is not the address of a Slack webhook. It begins with https://hooks.slack.com/services/."),
            "teams": _("That is not the address of a Microsoft Teams webhook. Copy it from the workflow in Teams."),
            "push": _("Your browser gave us an address we cannot use. Reload the page and try again."),
        }
    )


class WayClosed(Invalid):
    code = "way_closed"
    message = _("We cannot send this way at present. Choose another one.")


class ContactMissing(Invalid):
    code = "contact_missing"
    message = _("Give an e-mail address, so that we can tell somebody when your webhook stops answering.")


class ChoiceUnknown(Invalid):
    code = "choice_unknown"
    message = _("One of your choices is not among those we offer. Reload and choose again.")


class NothingChosen(Invalid):
    code = "nothing_chosen"
    message = _("Choose at least one kind of news. To stop all of them, use the link to unsubscribe.")


class CodeWrong(Invalid):
    code = "code_wrong"
    message = _("That code is not right, or it is older than 15 minutes. Check it, or ask for a new one.")


class SecretShown(Conflict):
    code = "secret_shown"
    message = _("The secret was shown already. Make a new one if you did not keep it.")


class SubscriptionOver(Conflict):
    code = "subscription_over"
    message = _("This subscription is not active. Start it again first.")


class FileUnusable(Invalid):
    code = "file_unusable"
    message = _("We cannot read this file. Save it as CSV in UTF-8, with a first line that names the columns.")


class ImportNotFound(NotFound):
    code = "import_not_found"


class ImportMoved(Conflict):
    code = "import_moved"
    message = _("This file was already taken over or thrown away.")


class SubscriberNotFound(NotFound):
    code = "subscriber_not_found"


class PastNotFree(Conflict):
    """A backfilled incident would overlap another change of the same component."""

    code = "past_not_free"
    message = _("That part already has a different history in this time. Check the times.")


class NothingPublishedYet(Conflict):
    """The journal lays words over the last snapshot; there is none."""

    code = "nothing_published_yet"
    message = _("Nothing was ever published here, so there is no page to add to.")


class CodeUnknown(Forbidden):
    """A break-glass code that is none, or was used."""

    code = "code_unknown"
    message = _("That code is not valid, or it was used already. Take the next one of your sheet.")


class UpdateNotFound(NotFound):
    code = "update_not_found"


class AudienceUnknown(Invalid):
    code = "audience_unknown"
    message = _("One of the internal texts names no reader we know, or is empty. Choose who it is for.")


class PromisePast(Invalid):
    code = "promise_past"
    message = _("The next update is promised for a moment that is already over. Choose a later one.")


class MaintenanceOver(Conflict):
    code = "maintenance_over"
    message = _("This maintenance is already over. Schedule a new one if there is more to do.")


class MaintenanceBegun(Conflict):
    code = "maintenance_begun"
    message = _("This maintenance has already begun. Complete it, or move only its end.")


class WindowInvalid(Invalid):
    code = "window_invalid"
    message = _("A maintenance ends after it begins, and not in the past. Check both times.")


class RemindersInvalid(Invalid):
    code = "reminders_invalid"
    message = _("Reminders go out between 5 minutes and 30 days before the start, at most five of them.")


class RuleInvalid(Invalid):
    code = "rule_invalid"
    message = _("We cannot read this repetition. Write it like FREQ=WEEKLY;BYDAY=SU.")


class SeriesNotFound(NotFound):
    code = "series_not_found"


class SeriesEnded(Conflict):
    code = "series_ended"
    message = _("This series has already ended.")


class TemplateNotFound(NotFound):
    code = "template_not_found"


class VariableUnknown(Invalid):
    code = "variable_unknown"


class VariableOpen(Invalid):
    code = "variable_open"


class DraftNotFound(NotFound):
    code = "draft_not_found"


class DraftClosed(Conflict):
    code = "draft_closed"
    message = _("This draft was already published or discarded.")


class DraftIncomplete(Invalid):
    code = "draft_incomplete"
    message = _("Something in this draft cannot be published as it stands. Open it and check every field.")


class PublishTimePast(Invalid):
    code = "publish_time_past"
    message = _("The time to publish is already over. Choose a later one, or publish now.")


class PostmortemTooEarly(Conflict):
    code = "postmortem_too_early"
    message = _("Resolve the incident first. The postmortem can be written now and published afterwards.")


class PostmortemPublished(Conflict):
    code = "postmortem_published"
    message = _("This postmortem is already published. Changes you save are shown at once.")


class PostmortemMissing(Invalid):
    code = "postmortem_missing"
    message = _("Write the postmortem before you publish it.")


class ComponentBusy(Conflict):
    code = "component_busy"
    message = _("An open incident or a maintenance still needs this part. End it first.")


class GroupUnknown(Invalid):
    code = "group_unknown"
    message = _("That group does not exist any more. Reload and choose again.")


class TooLateToUndo(Conflict):
    code = "too_late_to_undo"
    message = _("This can no longer be changed: somebody has decided already, or it has left. Reload the board.")


class FanOutNotFound(NotFound):
    code = "fan_out_not_found"
    message = _("There is no such notification any more. Go back to the board.")


class EntryPointGone(NotFound):
    code = "entry_point_gone"
    message = _("This way was removed or changed by someone else. Reload and look again.")


class EntryPointUnusable(Invalid):
    code = "entry_point_unusable"
    message = _("Check the way: a link is a path of this site or begins with https://, a phone way has a number.")
