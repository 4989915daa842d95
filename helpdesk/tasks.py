"""Pauses and deadlines run out, solved tickets are closed. A lost run is made up for by the next one."""

import datetime as dt
import logging

from celery import shared_task
from django.conf import settings
from django.db.models import F

from helpdesk import queries
from helpdesk.actions import keeping, phone_line, provider_copies, received_files, text_media, tickets
from helpdesk.actions.tickets.clocks import adopt
from helpdesk.enums import OURS, PAUSED, FileState, TicketState
from helpdesk.models import Attachment, Ticket, TicketUndo
from helpdesk.rules.turn import REOPEN_WITHIN
from helpdesk.transports.clamd import Scanner, ScannerDown
from portal_core.directory import queries as directory
from portal_core.kernel import clock
from portal_core.kernel.contracts import SYSTEM

logger = logging.getLogger(__name__)

BATCH = 500
SCANS = 50  # files a run
GIVE_UP_AFTER = 3  # refusals in a row: the scanner is down, or busy


@shared_task(name="helpdesk.wake_tickets")
def wake_tickets() -> int:
    """Wake what is due, close what was solved a week ago; return how many tickets were looked at. One a colleague is
    just working on changes nothing: each is asked again under its lock."""
    now = clock.now()
    due = list(Ticket.objects.filter(state__in=PAUSED, wake_at__lte=now).order_by("wake_at")[:BATCH])
    for ticket in due:
        tickets.wake(ticket=ticket, by=SYSTEM)
    rested = list(Ticket.objects.filter(snoozed_until__lte=now).order_by("snoozed_until")[:BATCH])
    for ticket in rested:
        tickets.unsnooze(ticket=ticket, by=SYSTEM)
    old = Ticket.objects.filter(state=TicketState.SOLVED, solved_at__lte=now - REOPEN_WITHIN).order_by("solved_at")
    ripe = list(old[:BATCH])
    for ticket in ripe:
        tickets.close(ticket=ticket, by=SYSTEM)
    return len(due) + len(rested) + len(ripe)


@shared_task(name="helpdesk.watch_deadlines")
def watch_deadlines() -> int:
    """Raise the alerts that are due, give deadlines to tickets from before there were any, forget second thoughts whose
    time is over; return how many tickets were looked at."""
    now = clock.now()
    late = list(Ticket.objects.filter(alert_at__lte=now).order_by("alert_at")[:BATCH])
    for ticket in late:
        tickets.alert(ticket=ticket, by=SYSTEM)
    bare = Ticket.objects.filter(state__in=OURS, due_at=None, resolve_due_at=None, first_due_at=None)
    # Those of a place without opening hours wait for them, and hold up nobody.
    old = list(bare.exclude(queries.shut_for_good(bare, now=now)).order_by("pk")[:BATCH])
    for ticket in old:
        adopt(ticket=ticket)
    TicketUndo.objects.filter(until__lt=now - dt.timedelta(days=1)).delete()
    return len(late) + len(old)


@shared_task(name="helpdesk.fetch_recordings")
def fetch_recordings() -> int:
    """Fetch the sound of messages and the files of texts, and have the provider's copies deleted; end calls whose end
    nobody told and the waiting for words that nobody sent. Returns how many are kept now."""
    phone_line.end_stuck()
    phone_line.end_writing()
    kept = phone_line.fetch_due() + text_media.fetch_due()
    provider_copies.forget_due()
    return kept


@shared_task(name="helpdesk.remove_originals")
def remove_originals() -> int:
    """Take away e-mails as they came and recordings that are past their time; return how many."""
    return sum(keeping.remove_due(practice) for practice in directory.practices())


@shared_task(name="helpdesk.scan_files")
def scan_files() -> int:
    """Show files in quarantine to the virus scanner, newest first; one that it did not take comes after all others and
    holds up nobody. Return how many it saw. While it cannot be asked they stay where they are; those from before there
    was one are shown to it too."""
    if not settings.CLAMD_URL:
        return 0
    scanner, seen, refused = Scanner(settings.CLAMD_URL), 0, 0
    rows = Attachment.objects.filter(state__in=[FileState.WAITING, FileState.UNCHECKED])
    rows = rows.order_by(F("scan_refused_at").asc(nulls_first=True), "-created_at", "-id")
    for pk in list(rows.values_list("pk", flat=True)[:SCANS]):
        try:
            received_files.scan(attachment_id=pk, scanner=scanner)
        except ScannerDown as fault:
            logger.warning("the virus scanner did not answer about a file: %s", fault)
            received_files.put_off(attachment_id=pk)
            refused += 1
            if refused == GIVE_UP_AFTER:
                break
        else:
            seen, refused = seen + 1, 0
    return seen
