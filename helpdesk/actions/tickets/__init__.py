"""The verbs of a ticket, by noun. Each: lock, check, write, one ledger line, events, a nudge to the open pages."""

from helpdesk.actions.tickets.clocks import alert
from helpdesk.actions.tickets.conversation import add_note, reply, requester_of
from helpdesk.actions.tickets.desks import change_desk
from helpdesk.actions.tickets.ending import close, solve
from helpdesk.actions.tickets.guards import before_deed
from helpdesk.actions.tickets.handling import hand_over, lock, match_patient, set_category, take
from helpdesk.actions.tickets.joining import follow_up, link, merge, split, unlink
from helpdesk.actions.tickets.leaving import follow_incident, leave_incident
from helpdesk.actions.tickets.opening import log_call, open_from_contact, open_from_portal
from helpdesk.actions.tickets.rating import rate
from helpdesk.actions.tickets.relaying import mark_relayed, mark_returned
from helpdesk.actions.tickets.snoozing import snooze, unsnooze
from helpdesk.actions.tickets.telling import after_deed, desk_group, it_group, office_group, ticket_group
from helpdesk.actions.tickets.undoing import TakenBack, as_one, undo, undo_all
from helpdesk.actions.tickets.waiting import close_loop, confirm_fixed, still_broken, wait_for_incident, wake

__all__ = [
    "TakenBack", "add_note", "after_deed", "alert", "as_one", "before_deed", "change_desk", "close", "close_loop",
    "confirm_fixed", "desk_group", "follow_incident", "follow_up", "hand_over", "it_group", "leave_incident",
    "link", "lock", "log_call", "mark_relayed", "mark_returned", "match_patient", "merge", "office_group",
    "open_from_contact", "open_from_portal", "rate", "reply", "requester_of", "set_category", "snooze", "solve",
    "split", "still_broken", "take", "ticket_group", "undo", "undo_all", "unlink", "unsnooze", "wait_for_incident",
    "wake",
]  # fmt: skip
