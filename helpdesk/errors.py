from django.utils.translation import gettext_lazy as _

from portal_core.kernel.errors import Conflict, Invalid, NotFound


class TicketNotFound(NotFound):
    code = "ticket_not_found"
    message = _("We could not find that request. The link may be too old. Contact us again and we will help.")


class AlreadyTaken(Conflict):
    code = "ticket_taken"
    message = _("Somebody else took this ticket a moment ago.")


class WrongMove(Conflict):
    code = "ticket_moved_on"
    message = _("This ticket has moved on in the meantime. Look at it again before you go on.")


class MailboxUnknown(NotFound):
    code = "mailbox_unknown"
    message = _("No mailbox of ours has this address.")


class MailEmpty(Invalid):
    code = "mail_empty"
    message = _("There is no e-mail in this.")


class OriginalRemoved(Conflict):
    code = "mail_original_removed"
    message = _("The original of this e-mail was removed because its time was over. Ask the sender to write again.")


class MailTooLarge(Invalid):
    code = "mail_too_large"
    message = _("This e-mail is larger than 25 MB.")


class MailNotFound(NotFound):
    code = "mail_not_found"
    message = _("We could not find that e-mail.")


class FileNotFound(NotFound):
    code = "file_not_found"
    message = _("We could not find that file.")


class FileWithheld(Conflict):
    code = "file_withheld"
    message = _("This file is not handed out. Ask the sender for another one, or for a PDF.")


class FileClosed(Conflict):
    code = "file_closed"
    message = _("This file cannot be opened. Go back to your files: they say why, and what to do.")


class FilesRefused(Invalid):
    """`facts["files"]` names each and why. Nothing was kept."""

    code = "files_refused"
    message = _("These files cannot be sent.")


class FilesNeedPatient(Invalid):
    code = "files_need_patient"
    message = _("Find the patient first: files go into their portal, and only they can open them there.")


class NotOurFile(Conflict):
    code = "file_not_ours"
    message = _("Only a file that the office sent can be taken back.")


class PatientCannotRead(Conflict):
    code = "patient_cannot_read"
    message = _("This patient cannot read messages in the portal, so nothing was sent. Call them, or write a letter.")


class PortalAlone(Conflict):
    code = "ticket_portal_alone"
    message = _(
        "A secure message is read in the portal alone, so it cannot be joined with a request that came another way. "
        "Link the two instead."
    )


class NoOffice(Conflict):
    code = "no_office"
    message = _("No office takes messages yet.")


class TicketClosed(Conflict):
    code = "ticket_closed"
    message = _("This request is closed. Contact us again and mention its number.")


class AlreadyRelayed(Conflict):
    code = "ticket_already_relayed"
    message = _("This ticket is already with IT.")


class NotRelayed(Conflict):
    code = "ticket_not_relayed"
    message = _("This ticket is not with IT.")


class StillAtIT(Conflict):
    code = "ticket_still_relayed"
    message = _("IT is still working on this. Wait for their answer or take the flag back first.")


class WrongOffice(Invalid):
    code = "ticket_wrong_office"
    message = _("That office or patient belongs to another practice.")


class HoursMakeNoSense(Invalid):
    code = "hours_make_no_sense"
    message = _("These hours overlap or run backwards. Look at the day again.")


class NoCommonDayOff(Invalid):
    code = "no_common_day_off"
    message = _("Nobody has that day off: the usual hours hold. There is nothing to note.")


class CallWrittenDown(Conflict):
    code = "call_written_down"
    message = _("A colleague has written this call down already.")


class CallNotFound(NotFound):
    code = "call_not_found"


class TicketMerged(Conflict):
    code = "ticket_merged"
    message = _("This ticket was joined with another one. Go on there.")


class SameTicket(Invalid):
    code = "ticket_same"
    message = _("That is this very ticket. Choose another one.")


class OtherPatient(Invalid):
    code = "ticket_other_patient"
    message = _("These tickets are about two different patients, so they cannot be joined.")


class WroteSignedIn(Conflict):
    code = "ticket_wrote_signed_in"
    message = _(
        "They wrote this signed in to their portal, so whose it is is known, and only they may read the answers. "
        "If it is about somebody else, begin a new ticket for that person."
    )


class MatchedAlready(Conflict):
    code = "ticket_matched_already"
    message = _("This ticket is about somebody else so far. Say that you mean to change that, then match again.")


class NothingToSplit(Invalid):
    code = "ticket_nothing_to_split"
    message = _("Choose at least one message of the requester for the new ticket.")


class PatientKnown(Conflict):
    code = "ticket_about_a_patient"
    message = _("This is about a patient, so it stays here: IT sees no chart. A flag tells IT what it may know.")


class SnoozeOutOfRange(Invalid):
    code = "ticket_snooze_out_of_range"
    message = _("Choose a time from now on, within the next 90 days.")


class UndoNotFound(NotFound):
    code = "undo_not_found"
    message = _("There is nothing to take back.")


class TooLateToUndo(Conflict):
    code = "too_late_to_undo"
    message = _("It is too late to take that back: ten seconds are over, or the ticket has moved on.")


class ArticleChanged(Conflict):
    code = "article_changed"
    message = _(
        "Somebody saved this article meanwhile. Your text is still here; compare it with theirs and save again."
    )


class ArticleNameTaken(Invalid):
    code = "article_name_taken"
    message = _("There is an article with this short name already. Choose another.")


class LineTaken(Invalid):
    code = "line_taken"
    message = _("Another practice uses this number already.")


class LineLoops(Invalid):
    code = "line_loops"
    message = _("The line cannot ring on itself: give the number of the phone on the desk.")


class PromisesMakeNoSense(Invalid):
    """`facts["faults"]` names each field and why, by the codes of `rules.sla.faults`."""

    code = "promises_make_no_sense"
    message = _("These times do not go together. Each line below says why.")


class PromisesChanged(Conflict):
    code = "promises_changed"
    message = _("Somebody changed the answer times meanwhile. Look at them as they are now, then change them again.")


class NoSuchTicket(Invalid):
    code = "ticket_no_such_number"
    message = _("There is no ticket with that number that you may open. Check it and try again.")
