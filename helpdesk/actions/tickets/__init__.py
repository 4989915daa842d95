"""The verbs of a ticket, by noun. Each: lock, check, write, one ledger line, events, a nudge to the open pages."""

from helpdesk.actions.tickets.conversation import add_note, reply, requester_of
from helpdesk.actions.tickets.ending import close, solve
from helpdesk.actions.tickets.handling import hand_over, match_patient, set_category, take
from helpdesk.actions.tickets.opening import log_call, open_from_contact
from helpdesk.actions.tickets.relaying import mark_relayed, mark_returned
from helpdesk.actions.tickets.telling import desk_group, it_group, office_group, ticket_group
from helpdesk.actions.tickets.waiting import close_loop, confirm_fixed, still_broken, wait_for_incident, wake

__all__ = [
    "add_note", "close", "close_loop", "confirm_fixed", "desk_group", "hand_over", "it_group", "log_call",
    "mark_relayed", "mark_returned", "match_patient", "office_group", "open_from_contact", "reply", "requester_of",
    "set_category", "solve", "still_broken", "take", "ticket_group", "wait_for_incident", "wake",
]  # fmt: skip
